# cause: command-not-found
# needs: sh
printf '#!/usr/bin/env deno\n' > app
chmod +x app
./app
