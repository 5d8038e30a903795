# cause: compile-error
# lines: 2, 5
# needs: g++
printf '#include <string>\nint main() { std::string s = 3; return s; }' > app.cc
g++ app.cc
