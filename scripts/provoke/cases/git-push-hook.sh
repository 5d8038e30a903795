# cause: quality-gate
# lines: 1, 3
# needs: git
git init -q --bare up.git
printf '#!/bin/sh\necho "no ticket in the message" >&2\nexit 1\n' > up.git/hooks/pre-receive
chmod +x up.git/hooks/pre-receive
git init -q . && git config user.name dev && git config user.email dev@example.org
echo one > a.txt && git add . && git commit -qm one
git push ./up.git HEAD:refs/heads/main
