# cause: program-error
# lines: 5
# needs: python3
printf 'items = None\nprint(items.total)\n' > app.py
python3 app.py
