# cause: config-error
# lines: 1-3, 13
# needs: git
export HOME=$PWD XDG_CONFIG_HOME=$PWD GIT_CONFIG_NOSYSTEM=1
git init -q .
git config user.useConfigOnly true
echo one > a
git add a
git commit -m one
