# cause: remote-unavailable
# needs: git
git clone $HTTP/503/shop.git
