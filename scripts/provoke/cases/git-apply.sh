# cause: vcs-conflict
# lines: 1-2
# needs: git
git init -q . && git config user.name dev && git config user.email dev@example.org
echo one > a.txt && git add . && git commit -qm one
printf -- '--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-nine\n+ten\n' > fix.patch
git apply fix.patch
