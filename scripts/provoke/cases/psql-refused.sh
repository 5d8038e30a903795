# cause: db-unavailable
# lines: 1
# needs: psql
psql postgres://app@127.0.0.1:9/shop -c "select 1"
