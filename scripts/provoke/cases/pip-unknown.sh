# cause: dependency-missing
# lines: 2-3
# needs: pip
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_RETRIES=0 PIP_CONFIG_FILE=/dev/null
pip install --index-url $HTTP/404 no-such-package
