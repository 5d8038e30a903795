# cause: env-missing
# needs: bash
printf 'set -u\necho "$DATABASE_URL"\n' > deploy.sh
bash deploy.sh
