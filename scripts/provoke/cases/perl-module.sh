# cause: dependency-missing
# lines: 1
# needs: perl
perl -e 'use Not::There;'
