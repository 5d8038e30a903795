# cause: disk-full
# lines: 2
# needs: sh
echo building
cat /proc/version > /dev/full
