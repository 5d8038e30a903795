# cause: config-error
# needs: cmake
cmake .
