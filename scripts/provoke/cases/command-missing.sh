# cause: command-not-found
# needs: bash
printf 'set -e\nkustomize build .\n' > deploy.sh
bash deploy.sh
