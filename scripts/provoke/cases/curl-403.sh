# cause: auth
# needs: curl
curl -fsS $HTTP/403/app.tar.gz
