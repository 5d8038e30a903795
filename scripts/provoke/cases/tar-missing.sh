# cause: file-not-found
# needs: tar
tar czf release.tar.gz dist
