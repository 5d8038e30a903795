# cause: dns
# lines: 1
# needs: ssh
ssh -o BatchMode=yes deploy@web.invalid uptime
