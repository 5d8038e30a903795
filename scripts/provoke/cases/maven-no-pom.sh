# cause: file-not-found
# lines: 8
# needs: mvn
mvn -B -o compile
