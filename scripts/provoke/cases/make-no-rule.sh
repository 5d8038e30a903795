# cause: config-error
# lines: 1
# needs: make
printf 'all: dist\n' > Makefile
make deploy
