# cause: not-found-remote
# needs: curl
curl -fsS $HTTP/404/app.tar.gz
