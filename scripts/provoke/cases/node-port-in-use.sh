# cause: port-in-use
# lines: 5
# needs: node
echo "const {createServer}=require('http');createServer().listen(0,function(){createServer().listen(this.address().port)})" > server.js
node server.js
