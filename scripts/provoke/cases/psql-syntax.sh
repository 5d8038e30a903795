# cause: db-error
# lines: 1
# needs: psql postgres
psql "$PG/postgres" -v ON_ERROR_STOP=1 -c "selct 1"
