# cause: file-not-found
# lines: 5
# needs: node
echo "require('fs').readFileSync('config.json')" > server.js
node server.js
