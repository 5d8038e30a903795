# cause: disk-full
# needs: dd
dd if=/dev/zero of=/dev/full bs=1M count=1
