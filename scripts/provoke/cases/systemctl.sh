# cause: ci-infra
# lines: 1-2
# needs: systemctl
systemctl restart shop.service
