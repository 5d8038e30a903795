# cause: dependency-missing
# lines: 1-2
# needs: java
java -cp . org.example.App
