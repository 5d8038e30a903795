# cause: compile-error
# needs: g++
printf '#include <string>\nint main() { std::string s = 3; return s; }' > app.cc
g++ app.cc
