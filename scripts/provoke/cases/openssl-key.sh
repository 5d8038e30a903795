# cause: file-not-found
# lines: 1-3
# needs: openssl
openssl x509 -in server.crt -noout -dates
