# cause: file-not-found
# lines: 1
# needs: pip
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_RETRIES=0 PIP_CONFIG_FILE=/dev/null
pip install -r requirements.txt
