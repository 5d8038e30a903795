# cause: permission
# needs: curl
curl -fsS $HTTP/403/app.tar.gz
