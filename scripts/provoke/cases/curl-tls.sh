# cause: tls
# needs: curl
curl -fsS $TLS/up
