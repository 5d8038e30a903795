# cause: permission
# lines: 1
# needs: curl
curl -fsS $HTTP/403/app.tar.gz
