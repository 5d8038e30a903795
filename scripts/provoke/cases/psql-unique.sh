# cause: db-error
# lines: 3
# needs: psql postgres
psql "$PG/postgres" -v ON_ERROR_STOP=1 -c "create temp table t (id int primary key); insert into t values (1); insert into t values (1)"
