# cause: connection-refused
# lines: 1
# needs: curl
curl -fsS http://127.0.0.1:9/up
