# cause: env-missing
# lines: 1
# needs: bash
printf 'set -u\necho "$DATABASE_URL"\n' > deploy.sh
bash deploy.sh
