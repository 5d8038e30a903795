# cause: db-unavailable
# needs: psql
psql postgres://app@127.0.0.1:9/shop -c "select 1"
