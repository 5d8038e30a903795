# cause: command-not-found
# needs: make
printf 'all:\n\tprotoc --version\n' > Makefile
make
