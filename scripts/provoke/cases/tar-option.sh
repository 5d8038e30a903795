# cause: config-error
# needs: tar
tar --compress-well -cf a.tar .
