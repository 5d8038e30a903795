# cause: data-corrupt
# lines: 1-2
# needs: sha256sum
echo app > app.bin
echo "0000000000000000000000000000000000000000000000000000000000000000  app.bin" > sums
sha256sum -c sums
