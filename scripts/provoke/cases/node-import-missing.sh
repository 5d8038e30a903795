# cause: dependency-missing
# needs: node
echo "import 'express'" > server.mjs
node server.mjs
