# cause: dependency-missing
# needs: node
echo "require('express')" > server.js
node server.js
