# cause: dependency-conflict
# lines: 3-6
# needs: npm
export npm_config_cache=$PWD/.npm npm_config_fetch_retries=0 npm_config_audit=false npm_config_update_notifier=false
echo '{"name":"shop","lockfileVersion":3,"packages":{"":{"name":"shop"}}}' > package-lock.json
echo '{"name":"shop","dependencies":{"b":"file:b"}}' > package.json
mkdir b
echo '{"name":"b","version":"1.0.0"}' > b/package.json
npm ci
