# cause: port-in-use
# lines: 1-5
# needs: nginx node
# The other one holds the port until nginx has given up.
port=$(node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); setTimeout(() => s.close(), 20000) })' > port & while ! test -s port; do sleep 0.05; done; cat port)
printf 'pid nginx.pid;\ndaemon off;\nevents {}\nhttp {\n  access_log off;\n  client_body_temp_path a; proxy_temp_path b; fastcgi_temp_path c; uwsgi_temp_path d; scgi_temp_path e;\n  server { listen 127.0.0.1:%s; }\n}\n' "$port" > nginx.conf
nginx -e stderr -p . -c nginx.conf
