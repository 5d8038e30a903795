# cause: tls
# lines: 1
# needs: curl
curl -fsS $TLS/up
