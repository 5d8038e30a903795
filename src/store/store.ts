/**
 * The store: one door to the database that keeps what the engine must not forget. A write is one transaction and
 * is durable when it resolves; a full, damaged, busy or unwritable database comes out as a PlimsollError with the
 * path. It does not know what the tables mean (the journal and the metrics do), takes no locks between engines and
 * never deletes or repairs a file. Here: SQLite, one file in the state directory, written by one thread.
 */
export { openStore, openStoreForReading } from './sqlite-store.ts'
export type { Statement, Store, Value } from './words.ts'
