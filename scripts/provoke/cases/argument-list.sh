# cause: resource-limit
# needs: bash
bash -c 'x=$(printf "%0.sx" $(seq 150000)); /bin/echo "$x" "$x" "$x"'
