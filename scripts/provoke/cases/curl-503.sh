# cause: remote-unavailable
# lines: 1
# needs: curl
curl -fsS $HTTP/503/app.tar.gz
