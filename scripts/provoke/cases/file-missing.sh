# cause: file-not-found
# needs: sh
cp dist/app.js public/
