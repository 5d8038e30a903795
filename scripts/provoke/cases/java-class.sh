# cause: dependency-missing
# needs: java
java -cp . org.example.App
