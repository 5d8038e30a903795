# cause: config-error
# lines: 1
# needs: nginx
printf 'pid nginx.pid;\nevents {}\nhttp {\n  server {\n    listen 127.0.0.1:18099;\n    location / { proxy_pas http://127.0.0.1:9; }\n  }\n}\n' > nginx.conf
nginx -t -e stderr -p . -c nginx.conf
