# cause: program-error
# lines: 5
# needs: node
echo 'const config = undefined; console.log(config.port)' > server.js
node server.js
