# cause: syntax-error
# lines: 1
# needs: jq
echo '{"port": }' | jq .port
