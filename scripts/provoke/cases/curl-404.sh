# cause: not-found-remote
# lines: 1
# needs: curl
curl -fsS $HTTP/404/app.tar.gz
