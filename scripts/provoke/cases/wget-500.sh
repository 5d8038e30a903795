# cause: remote-unavailable
# needs: wget
wget --tries=1 $HTTP/500/app.tar.gz
