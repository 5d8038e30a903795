# cause: dependency-missing
# lines: 7-13
# needs: cmake
printf 'cmake_minimum_required(VERSION 3.16)\nproject(shop C)\nfind_package(Kafka REQUIRED)\n' > CMakeLists.txt
cmake .
