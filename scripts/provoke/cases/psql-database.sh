# cause: db-error
# needs: psql postgres
psql "$PG/shop" -c "select 1"
