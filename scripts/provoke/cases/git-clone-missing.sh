# cause: vcs-checkout
# lines: 1
# needs: git
git clone ./nowhere/shop.git
