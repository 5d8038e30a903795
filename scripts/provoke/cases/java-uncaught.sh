# cause: program-error
# lines: 1
# needs: javac java
printf 'public class App { public static void main(String[] a) throws Exception { String s = null; s.length(); } }' > App.java && javac App.java && java App
