# cause: connection-refused
# lines: 21, 44
# needs: python3
python3 -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')"
