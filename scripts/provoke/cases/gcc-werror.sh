# cause: compile-error
# lines: 2
# needs: gcc
printf 'int main() { int x; return 0; }' > app.c
gcc -Wall -Werror app.c
