# cause: file-not-found
# lines: 7
# needs: cmake
cmake .
