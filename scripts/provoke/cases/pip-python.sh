# cause: runtime-version-mismatch
# lines: 3
# needs: pip
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_CONFIG_FILE=/dev/null
python3 - <<'END'
import zipfile
with zipfile.ZipFile('shop-1-py3-none-any.whl', 'w') as wheel:
    wheel.writestr('shop-1.dist-info/METADATA', 'Metadata-Version: 2.1\nName: shop\nVersion: 1\nRequires-Python: >=3.99\n')
    wheel.writestr('shop-1.dist-info/WHEEL', 'Wheel-Version: 1.0\nTag: py3-none-any\n')
    wheel.writestr('shop-1.dist-info/RECORD', '')
END
pip install --no-deps --no-index ./shop-1-py3-none-any.whl
