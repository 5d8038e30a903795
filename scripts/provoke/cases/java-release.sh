# cause: runtime-version-mismatch
# lines: 1
# needs: javac
echo 'class App {}' > App.java
javac --release 99 App.java
