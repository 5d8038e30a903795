# cause: db-error
# lines: 1
# needs: psql postgres
psql "$PG/shop" -c "select 1"
