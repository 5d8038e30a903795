# cause: auth
# lines: 2
# needs: git
GIT_TERMINAL_PROMPT=0 git clone $HTTP/401/shop.git
