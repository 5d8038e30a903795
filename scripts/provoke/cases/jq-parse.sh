# cause: syntax-error
# needs: jq
echo '{"port": }' | jq .port
