# cause: crash
# lines: 1
# needs: bash python3
bash -c 'python3 -c "import ctypes; ctypes.string_at(0)"; exit $?'
