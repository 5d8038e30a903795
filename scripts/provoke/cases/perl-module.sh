# cause: dependency-missing
# needs: perl
perl -e 'use Not::There;'
