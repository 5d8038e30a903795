# cause: rate-limit
# lines: 1
# needs: curl
curl -fsS $HTTP/429/app.tar.gz
