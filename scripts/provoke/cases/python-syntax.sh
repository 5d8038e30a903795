# cause: syntax-error
# needs: python3
printf 'def total(:\n  pass\n' > app.py
python3 app.py
