# cause: db-error
# lines: 1
# needs: sqlite3
seq 9999 > shop.db
sqlite3 shop.db "select * from orders"
