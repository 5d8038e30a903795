# cause: vcs-conflict
# lines: 2
# needs: git
git init -q . && git config user.name dev && git config user.email dev@example.org
echo one > a.txt && git add . && git commit -qm one
git checkout -qb other
echo two > a.txt && git add . && git commit -qm two
git checkout -q -
echo three > a.txt && git add . && git commit -qm three
git merge other
