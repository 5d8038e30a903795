# cause: dependency-missing
# lines: 4
# needs: apt-get
apt-get install -s -y no-such-package-at-all
