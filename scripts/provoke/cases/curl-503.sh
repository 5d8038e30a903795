# cause: remote-unavailable
# needs: curl
curl -fsS $HTTP/503/app.tar.gz
