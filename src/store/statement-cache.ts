/** Prepared statements kept for the next time: parsing costs more than most of our statements do. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** The engine has about 40 different texts; the least recently used leaves first. */
const mostStatements = 128

export function statementCache(database: DatabaseSync): (sql: string) => StatementSync {
  const kept = new Map<string, StatementSync>()
  return (sql) => {
    const statement = kept.get(sql) ?? database.prepare(sql)
    kept.delete(sql)
    kept.set(sql, statement)
    const oldest = kept.size > mostStatements ? kept.keys().next().value : undefined
    if (oldest !== undefined) kept.delete(oldest)
    return statement
  }
}
