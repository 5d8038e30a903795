# cause: oom
# lines: 1
# needs: javac java
printf 'public class App { public static void main(String[] a) throws Exception { long[][] all = new long[9999][]; for (int i = 0; i < 9999; i++) all[i] = new long[1 << 18]; } }' > App.java && javac App.java && java -Xmx32m App
