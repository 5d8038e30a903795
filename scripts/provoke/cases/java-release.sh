# cause: runtime-version-mismatch
# needs: javac
echo 'class App {}' > App.java
javac --release 99 App.java
