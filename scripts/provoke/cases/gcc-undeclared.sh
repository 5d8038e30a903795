# cause: compile-error
# lines: 3
# needs: gcc make
printf 'int main() { return port; }' > app.c
printf 'app: app.c\n\tgcc -o app app.c\n' > Makefile
make
