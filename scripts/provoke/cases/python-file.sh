# cause: file-not-found
# needs: python3
python3 -c "open('settings.toml')"
