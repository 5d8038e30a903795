# cause: command-not-found
# lines: 2
# needs: make
printf 'all:\n\tprotoc --version\n' > Makefile
make
