# cause: dns
# lines: 2
# needs: git
git clone https://git.invalid/acme/shop.git
