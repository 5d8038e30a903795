# cause: remote-unavailable
# lines: 3-4
# needs: wget
wget --tries=1 $HTTP/500/app.tar.gz
