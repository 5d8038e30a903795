# cause: oom
# needs: bash
bash -c 'bash -c "kill -9 \$\$"; exit $?'
