# cause: command-not-found
# lines: 1
# needs: sh
printf '#!/usr/bin/env deno\n' > app
chmod +x app
./app
