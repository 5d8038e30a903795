# cause: dns
# needs: ssh
ssh -o BatchMode=yes deploy@web.invalid uptime
