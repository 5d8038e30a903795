# cause: syntax-error
# needs: bash
printf 'if true; then\n  echo x\n' > deploy.sh
bash deploy.sh
