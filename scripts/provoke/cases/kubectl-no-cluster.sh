# cause: connection-refused
# needs: kubectl
KUBECONFIG=$PWD/none kubectl get pods
