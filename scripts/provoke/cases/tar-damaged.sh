# cause: data-corrupt
# needs: tar
echo "<html>" > release.tar.gz
tar xzf release.tar.gz
