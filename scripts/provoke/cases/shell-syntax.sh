# cause: syntax-error
# lines: 1
# needs: bash
printf 'if true; then\n  echo x\n' > deploy.sh
bash deploy.sh
