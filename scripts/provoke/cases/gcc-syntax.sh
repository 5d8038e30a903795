# cause: compile-error
# needs: gcc
printf 'int main() { int port = 80 return port; }' > app.c
gcc app.c
