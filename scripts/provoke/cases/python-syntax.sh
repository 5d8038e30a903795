# cause: syntax-error
# lines: 4
# needs: python3
printf 'def total(:\n  pass\n' > app.py
python3 app.py
