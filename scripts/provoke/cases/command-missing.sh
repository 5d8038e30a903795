# cause: command-not-found
# lines: 1
# needs: bash
printf 'set -e\nkustomize build .\n' > deploy.sh
bash deploy.sh
