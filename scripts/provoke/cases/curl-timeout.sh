# cause: timeout
# needs: curl
curl -fsS --max-time 1 $HTTP/slow
