# cause: timeout
# lines: 1
# needs: curl
curl -fsS --max-time 1 $HTTP/slow
