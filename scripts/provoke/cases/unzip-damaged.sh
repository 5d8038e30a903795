# cause: data-corrupt
# needs: unzip
echo "not a zip" > app.zip
unzip app.zip
