# cause: disk-full
# lines: 1
# needs: dd
dd if=/dev/zero of=/dev/full bs=1M count=1
