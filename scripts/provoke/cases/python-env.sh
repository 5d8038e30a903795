# cause: env-missing
# lines: 6
# needs: python3
printf 'import os\nurl = os.environ["DATABASE_URL"]\n' > app.py
python3 app.py
