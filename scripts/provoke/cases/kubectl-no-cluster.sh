# cause: connection-refused
# lines: 1-6
# needs: kubectl
KUBECONFIG=$PWD/none kubectl get pods
