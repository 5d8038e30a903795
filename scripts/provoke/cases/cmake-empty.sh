# cause: file-not-found
# needs: cmake
cmake .
