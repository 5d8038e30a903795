# cause: dependency-missing
# lines: 2-4
# needs: npm
export npm_config_cache=$PWD/.npm npm_config_fetch_retries=0 npm_config_audit=false npm_config_update_notifier=false
npm install --registry $HTTP/404 no-such-package
