# cause: vcs-checkout
# needs: git
git clone ./nowhere/shop.git
