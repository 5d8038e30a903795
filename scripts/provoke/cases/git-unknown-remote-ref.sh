# cause: vcs-checkout
# lines: 1
# needs: git
git init -q up
cd up
git init -q . && git config user.name dev && git config user.email dev@example.org
echo one > a.txt && git add . && git commit -qm one
cd ..
git init -q .
git fetch ./up refs/heads/release-9
