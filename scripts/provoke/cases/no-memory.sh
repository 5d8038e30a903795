# cause: oom
# lines: 3
# needs: python3 bash
bash -c 'ulimit -v 200000; python3 -c "x = bytearray(10**9)"'
