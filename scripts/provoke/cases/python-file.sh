# cause: file-not-found
# lines: 3
# needs: python3
python3 -c "open('settings.toml')"
