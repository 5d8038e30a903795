# cause: file-not-found
# lines: 1
# needs: tar
tar czf release.tar.gz dist
