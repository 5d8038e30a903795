# cause: healthy
# needs: gcc make
printf 'int main() { return 0; }' > app.c
printf 'app: app.c\n\tgcc -Wall -Werror -o app app.c\n' > Makefile
make
./app && echo "0 failures, no errors"
