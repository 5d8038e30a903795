# cause: config-error
# lines: 1
# needs: tar
tar --compress-well -cf a.tar .
