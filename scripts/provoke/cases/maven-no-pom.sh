# cause: file-not-found
# needs: mvn
mvn -B -o compile
