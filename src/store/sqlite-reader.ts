/** A connection for reading, on the thread that asks; opened when first needed. Reads see what was committed before. */
import { existsSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { PlimsollError } from '../errors.ts'
import { bytesOf, type Page, pageBytes, pagedStream, pageRows, type Row } from './paged-stream.ts'
import { storeError } from './sqlite-errors.ts'
import { busyTimeoutMs } from './sqlite-settings.ts'
import { statementCache } from './statement-cache.ts'
import { storable } from './values.ts'
import type { Store, Value } from './words.ts'
import { failureOf } from './writer-words.ts'

/** SQLITE_CANTOPEN */
const cannotOpen = 14

export type Reader = Disposable & Pick<Store, 'read' | 'stream'>

/**
 * Readers of a WAL database share an index file beside it. On a read-only disk it cannot be made; when no WAL is left
 * either, nobody can change the database, and it can be read without one.
 */
export function connectForReading(file: string): DatabaseSync {
  const options = { readOnly: true, timeout: busyTimeoutMs }
  const database = new DatabaseSync(file, options)
  try {
    database.exec('select 1 from sqlite_schema limit 1')
    return database
  } catch (error) {
    database.close()
    if (failureOf(error).resultCode !== cannotOpen || existsSync(`${file}-wal`)) throw error
    return new DatabaseSync(new URL(`${pathToFileURL(file)}?immutable=1`), options)
  }
}

export function openReader(file: string): Reader {
  let database: DatabaseSync | undefined
  let prepare: ((sql: string) => StatementSync) | undefined
  let closed = false

  /** Runs `use` with the statement; whatever SQLite throws comes out as a PlimsollError. */
  const withStatement = <Result>(sql: string, use: (statement: StatementSync) => Result): Result => {
    if (closed) throw new PlimsollError('STORE_FAILED', `${file} is closed`)
    try {
      database ??= connectForReading(file)
      prepare ??= statementCache(database)
      return use(prepare(sql))
    } catch (error) {
      throw storeError(file, failureOf(error), error)
    }
  }

  return {
    read: async <Result>(sql: string, parameters: readonly Value[] = []) =>
      withStatement(sql, (statement) => statement.all(...storable(parameters))) as Result[],

    stream: <Result>(sql: string, parameters: readonly Value[]) =>
      pagedStream(sql, storable(parameters), async (paged, after) =>
        withStatement(paged, (statement) => pageOf(statement.iterate(...after))),
      ) as AsyncIterable<Result>,

    [Symbol.dispose]: () => {
      closed = true
      database?.close()
      database = undefined
    },
  }
}

/** Leaving the loop early resets the statement, which ends its read transaction. */
function pageOf(found: Iterable<Row>): Page {
  const rows: Row[] = []
  let bytes = 0
  for (const row of found) {
    rows.push(row)
    bytes += bytesOf(row)
    if (rows.length === pageRows || bytes >= pageBytes) return { rows, isLast: false }
  }
  return { rows, isLast: true }
}
