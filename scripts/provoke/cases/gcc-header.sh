# cause: dependency-missing
# lines: 1
# needs: gcc
printf '#include <librdkafka/rdkafka.h>\nint main() { return 0; }' > app.c
gcc app.c
