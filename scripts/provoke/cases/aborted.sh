# cause: crash
# lines: 1
# needs: gcc bash
printf '#include <stdlib.h>\nint main() { free((void*)0x10); abort(); }' > a.c
gcc -w -o a a.c
bash -c './a; exit $?'
