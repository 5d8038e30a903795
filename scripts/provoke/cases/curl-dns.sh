# cause: dns
# needs: curl
curl -fsS http://api.invalid/up
