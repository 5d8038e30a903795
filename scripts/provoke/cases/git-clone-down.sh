# cause: remote-unavailable
# lines: 2-3
# needs: git
git clone $HTTP/503/shop.git
