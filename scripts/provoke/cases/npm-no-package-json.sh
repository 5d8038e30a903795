# cause: file-not-found
# lines: 5
# needs: npm
export npm_config_cache=$PWD/.npm npm_config_fetch_retries=0 npm_config_audit=false npm_config_update_notifier=false
npm run build
