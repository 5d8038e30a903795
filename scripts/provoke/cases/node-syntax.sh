# cause: syntax-error
# needs: node
echo 'const port = = 3' > server.js
node server.js
