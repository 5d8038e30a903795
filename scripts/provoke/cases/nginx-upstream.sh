# cause: dns
# lines: 1
# needs: nginx
printf 'pid nginx.pid;\nevents {}\nhttp {\n  access_log off;\n  server {\n    listen 127.0.0.1:18099;\n    location / { proxy_pass http://cart.invalid:8080; }\n  }\n}\n' > nginx.conf
nginx -t -e stderr -p . -c nginx.conf
