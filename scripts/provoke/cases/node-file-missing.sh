# cause: file-not-found
# needs: node
echo "require('fs').readFileSync('config.json')" > server.js
node server.js
