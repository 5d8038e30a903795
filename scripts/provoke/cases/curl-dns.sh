# cause: dns
# lines: 1
# needs: curl
curl -fsS http://api.invalid/up
