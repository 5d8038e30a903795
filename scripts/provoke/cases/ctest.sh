# cause: test-failure
# lines: 3, 11-12
# needs: cmake ctest
printf 'cmake_minimum_required(VERSION 3.16)\nproject(shop C)\nenable_testing()\nadd_test(NAME total COMMAND false)\nadd_test(NAME tax COMMAND true)\n' > CMakeLists.txt
cmake . > configured
ctest
