# cause: compile-error
# lines: 1
# needs: javac
echo 'class App { int port = "80"; }' > App.java
javac App.java
