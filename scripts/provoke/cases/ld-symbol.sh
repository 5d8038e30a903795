# cause: link-error
# lines: 2
# needs: gcc
printf 'int total(void); int main() { return total(); }' > app.c
gcc app.c
