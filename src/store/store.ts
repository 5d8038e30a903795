/**
 * The store: one door to the database that keeps what the engine must not forget. A write is one transaction and
 * is durable when it resolves; a full, damaged, busy, unwritable or unreachable database comes out as a PlimsollError
 * that names it. It does not know what the tables mean (the journal and the metrics do), takes no locks between engines
 * and never deletes or repairs anything. Here: SQLite, one file in the state directory, written by one thread; or a
 * PostgreSQL server, for several machines.
 */

import { type Clock, systemClock } from '../clock.ts'
import { checkNames, namesIn } from '../option-names.ts'
import { openSqlite, openSqliteForReading } from './sqlite-store.ts'
import type { Store } from './words.ts'

export { databaseOf } from './database-url.ts'
export { refuseNetworkDisk } from './network-disk.ts'
export { storable } from './values.ts'
export type { Beside, DatabaseKind, Durability, Statement, Store, Value } from './words.ts'

export type StorePlace = {
  readonly stateDir: string
  /** `postgres://...`: the record is kept there instead of in the state directory. */
  readonly database?: string | undefined
  readonly clock?: Clock
  /** Where the machine's /proc is looked for. Default `/`. */
  readonly root?: string
}

const placeNames = namesIn<StorePlace>({ stateDir: true, database: true, clock: true, root: true })

/** For people. The URL may hold a password. */
export const namePlace = ({ stateDir, database }: StorePlace): string =>
  database === undefined ? stateDir : 'this database'

/**
 * Opens the store for writing; makes what is missing and brings an older form to the present one. What exists and cannot
 * be used is never changed.
 * @throws OPTION_INVALID, STATE_UNWRITABLE, STATE_FULL, STATE_BUSY, STATE_CORRUPT, STATE_ON_NETWORK, STATE_TOO_NEW, STORE_FAILED, and of a server
 *   DATABASE_URL_INVALID, DATABASE_UNREACHABLE, DATABASE_REFUSED
 */
export async function openStore(place: StorePlace): Promise<Store> {
  checkNames('openStore', place, placeNames)
  const { database, clock = systemClock } = place
  return database === undefined ? openSqlite(place) : (await postgres()).openPostgres(database, clock)
}

/**
 * Opens the store for reading, also while another process writes; null when nothing was ever recorded.
 * @throws as `openStore`
 */
export async function openStoreForReading(place: StorePlace): Promise<Store | null> {
  checkNames('openStoreForReading', place, placeNames)
  const { database, clock = systemClock } = place
  return database === undefined
    ? openSqliteForReading(place)
    : (await postgres()).openPostgresForReading(database, clock)
}

/** Loaded only when used. */
const postgres = () => import('./postgres-store.ts')
