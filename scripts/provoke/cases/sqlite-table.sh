# cause: db-error
# needs: sqlite3
sqlite3 shop.db "select * from orders"
