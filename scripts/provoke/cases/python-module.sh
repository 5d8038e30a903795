# cause: dependency-missing
# lines: 3
# needs: python3
python3 -c "import fastapi_that_is_not_there"
