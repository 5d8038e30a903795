# cause: file-not-found
# needs: openssl
openssl x509 -in server.crt -noout -dates
