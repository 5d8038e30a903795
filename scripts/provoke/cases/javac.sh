# cause: compile-error
# needs: javac
echo 'class App { int port = "80"; }' > App.java
javac App.java
