# cause: db-error
# needs: psql postgres
psql "$PG/postgres" -v ON_ERROR_STOP=1 -c "select * from orders"
