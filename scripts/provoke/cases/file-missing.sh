# cause: file-not-found
# lines: 1
# needs: sh
cp dist/app.js public/
