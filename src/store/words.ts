/** What every store promises, whatever database is behind it. */

export type Value = string | number | bigint | null | Uint8Array

/**
 * Placeholders are `?1`, `?2` ..., each of which stands in the text. One text for every database, so only what SQLite and
 * PostgreSQL both know: the types text, bigint, double precision and bytea, `on conflict`, `coalesce`, `substr` and the
 * like. The text names no transaction: the store begins and commits.
 */
export type Statement = {
  readonly sql: string
  readonly parameters: readonly Value[]
  /**
   * Of an insert, update or delete: how many rows it must change (an update counts those that it finds). With any other
   * number the whole call is rolled back and rejects with STORE_CONFLICT: so a write depends on what is stored.
   */
  readonly expectRows?: number
}

export type DatabaseKind = 'SQLite' | 'PostgreSQL'

/**
 * What is left when the machine loses its power after a write has resolved. `full`: it. `normal`: what was written until a
 * few moments ago, in order and whole; it is faster. The end of a process loses neither.
 */
export type Durability = 'full' | 'normal'

export type LogSize = { readonly path: string; readonly bytes: number }

export type Store = AsyncDisposable & {
  /** For the little that no SQL says for both, such as the search of texts. */
  readonly kind: DatabaseKind
  /**
   * One transaction: all of the statements or none. Durable on disk when it resolves, unless `durability` (default
   * `full`) says less. Calls that wait at the same time share one commit, in the order they were made, as durable as the
   * most careful of them asks; when one of them fails, only that one rejects.
   */
  write(statements: readonly Statement[], durability?: Durability): Promise<void>
  /** Every row at once: a `limit` in the SQL, or a key, bounds the answer. */
  read<Row>(sql: string, parameters?: readonly Value[]): Promise<readonly Row[]>
  /**
   * Any number of rows in bounded memory, a short read for each page of them, so that a slow consumer holds nothing
   * open and never stops the store from tidying up. It pages by key, which the SQL must make possible:
   * - the first column is the key: unique, never null, ascending (`order by` it);
   * - the last parameter is the key to begin after, used as `key > ?N`;
   * - no `limit` at the end: the store adds its own.
   * Each page is a consistent picture; rows added behind the key meanwhile are seen, removed ones are not.
   */
  stream<Row>(sql: string, parameters: readonly Value[]): AsyncIterable<Row>
  /**
   * Gives a small slice of the room of what was deleted back to the disk; true when there is more to give back. With the
   * last slice the write-ahead log is emptied too, unless somebody reads. PostgreSQL sees to that by itself.
   */
  giveBack(): Promise<boolean>
  /**
   * SQLite only: calls `perform` of a module of ours in the thread that writes, between the writes of others, and answers
   * what it does: `(store: Beside) => Promise<answer>`. One after the other, and each lets others have their turn often.
   */
  readonly beside?: (module: URL) => Promise<unknown>
  /** The write-ahead log and its size now: it grows while another process keeps a reading open. Null: the server sees to it. */
  log(): LogSize | null
}

/** What a job beside the database has of the store. A write of it shares its commit with nobody. */
export type Beside = Pick<Store, 'read' | 'write'>
