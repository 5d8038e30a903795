# cause: link-error
# needs: gcc
printf 'int total(void); int main() { return total(); }' > app.c
gcc app.c
