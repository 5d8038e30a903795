# cause: resource-limit
# lines: 1
# needs: bash
bash -c 'x=$(printf "%0.sx" $(seq 150000)); /bin/echo "$x" "$x" "$x"'
