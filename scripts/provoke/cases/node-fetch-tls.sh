# cause: tls
# lines: 5
# needs: node
echo "require('https').get(process.env.TLS)" > probe.js
node probe.js
