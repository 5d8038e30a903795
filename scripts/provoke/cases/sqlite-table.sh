# cause: db-error
# lines: 1
# needs: sqlite3
sqlite3 shop.db "select * from orders"
