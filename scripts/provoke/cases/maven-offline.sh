# cause: dependency-missing
# lines: 13
# needs: mvn
printf '<project><modelVersion>4.0.0</modelVersion><groupId>org.example</groupId><artifactId>shop</artifactId><version>1</version></project>' > pom.xml
mvn -B -o -Dmaven.repo.local=$PWD/repo compile
