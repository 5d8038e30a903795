# cause: connection-refused
# lines: 1
# needs: ssh
ssh -o BatchMode=yes -o StrictHostKeyChecking=no -p 9 deploy@127.0.0.1 uptime
