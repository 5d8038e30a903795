# cause: dependency-missing
# needs: apt-get
apt-get install -s -y no-such-package-at-all
