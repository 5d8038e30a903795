# cause: permission
# needs: sh
echo "echo hi" > deploy.sh
./deploy.sh
