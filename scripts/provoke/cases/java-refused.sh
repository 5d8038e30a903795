# cause: connection-refused
# lines: 1
# needs: javac java
printf 'public class App { public static void main(String[] a) throws Exception { new java.net.Socket("127.0.0.1", 9); } }' > App.java && javac App.java && java App
