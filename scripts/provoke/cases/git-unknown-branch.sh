# cause: vcs-checkout
# lines: 1
# needs: git
git init -q . && git config user.name dev && git config user.email dev@example.org
echo one > a.txt && git add . && git commit -qm one
git checkout release-9
