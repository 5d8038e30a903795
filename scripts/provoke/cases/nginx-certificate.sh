# cause: file-not-found
# lines: 1
# needs: nginx
printf 'pid nginx.pid;\nevents {}\nhttp {\n  access_log off;\n  server {\n    listen 127.0.0.1:18099 ssl;\n    ssl_certificate shop.pem;\n    ssl_certificate_key shop.key;\n  }\n}\n' > nginx.conf
nginx -t -e stderr -p . -c nginx.conf
