# cause: dependency-missing
# lines: 5
# needs: node
echo "require('express')" > server.js
node server.js
