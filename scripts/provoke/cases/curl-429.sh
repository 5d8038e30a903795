# cause: rate-limit
# needs: curl
curl -fsS $HTTP/429/app.tar.gz
