# cause: data-corrupt
# lines: 2, 6
# needs: unzip
echo "not a zip" > app.zip
unzip app.zip
