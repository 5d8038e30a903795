# cause: link-error
# lines: 1
# needs: gcc
printf 'int main() { return 0; }' > app.c
gcc app.c -lrdkafka
