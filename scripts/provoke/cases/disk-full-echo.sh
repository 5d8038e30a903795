# cause: disk-full
# needs: sh
echo building
cat /proc/version > /dev/full
