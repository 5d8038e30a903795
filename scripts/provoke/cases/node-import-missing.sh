# cause: dependency-missing
# lines: 5
# needs: node
echo "import 'express'" > server.mjs
node server.mjs
