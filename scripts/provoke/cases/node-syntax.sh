# cause: syntax-error
# lines: 1-5
# needs: node
echo 'const port = = 3' > server.js
node server.js
