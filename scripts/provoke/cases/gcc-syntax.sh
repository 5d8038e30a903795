# cause: compile-error
# lines: 2
# needs: gcc
printf 'int main() { int port = 80 return port; }' > app.c
gcc app.c
