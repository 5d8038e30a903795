# cause: vcs-conflict
# lines: 2
# needs: git
git init -q --bare up.git
mkdir app
cd app
git init -q . && git config user.name dev && git config user.email dev@example.org
echo one > a.txt && git add . && git commit -qm one
git push -q ../up.git HEAD:refs/heads/main
echo two > a.txt && git add . && git commit -qm two
git push -q ../up.git HEAD:refs/heads/main
git reset -q --hard HEAD~1
echo three > a.txt && git add . && git commit -qm three
git push ../up.git HEAD:refs/heads/main
