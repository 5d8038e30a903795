# cause: oom
# lines: 1
# needs: bash
bash -c 'bash -c "kill -9 \$\$"; exit $?'
