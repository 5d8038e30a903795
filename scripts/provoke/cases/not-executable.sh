# cause: permission
# lines: 1
# needs: sh
echo "echo hi" > deploy.sh
./deploy.sh
