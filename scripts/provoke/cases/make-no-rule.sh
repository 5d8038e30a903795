# cause: config-error
# needs: make
printf 'all: dist\n' > Makefile
make deploy
