# cause: env-missing
# lines: 1
# needs: sh
: "${DEPLOY_TOKEN:?}"
