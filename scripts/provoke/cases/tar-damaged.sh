# cause: data-corrupt
# lines: 2
# needs: tar
echo "<html>" > release.tar.gz
tar xzf release.tar.gz
