# cause: dependency-missing
# needs: python3
python3 -c "import fastapi_that_is_not_there"
