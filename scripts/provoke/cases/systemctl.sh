# cause: ci-infra
# needs: systemctl
systemctl restart shop.service
