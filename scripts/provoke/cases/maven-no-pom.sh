# cause: config-error
# needs: mvn
mvn -B -o compile
