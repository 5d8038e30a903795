# cause: dns
# needs: git
git clone https://git.invalid/acme/shop.git
