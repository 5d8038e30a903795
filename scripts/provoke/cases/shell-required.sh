# cause: env-missing
# needs: sh
: "${DEPLOY_TOKEN:?}"
