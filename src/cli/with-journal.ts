import { resolve } from 'node:path'
import { PlimsollError } from '../errors.ts'
import { type Journal, openJournal } from '../journal/journal.ts'
import { recordOptions } from '../report/report.ts'
import { databaseOf, namePlace, openStoreForReading, type StorePlace } from '../store/store.ts'
import type { Call } from './words.ts'

/** Without --state the record beside a plan in this directory is meant. */
export const stateDirOf = (call: Call): string => resolve(call.text('state') ?? '.plimsoll')

/** Where the record is: on the server that was named, else in the state directory. */
export const placeOf = (call: Call): StorePlace => ({
  stateDir: stateDirOf(call),
  database: databaseOf(call.text('database'), process.env),
})

/** Of a command that is shown: with these it finds the record that was meant here. */
export const recordOptionsOf = (call: Call): string =>
  recordOptions({ stateDir: stateDirOf(call), database: call.text('database'), variables: process.env })

/** Reads what is recorded; makes nothing. @throws RUN_UNKNOWN when nothing is. */
export async function withJournal<Result>(
  call: Call,
  read: (journal: Journal, stateDir: string) => Promise<Result>,
): Promise<Result> {
  const place = placeOf(call)
  await using store = await openStoreForReading(place)
  if (store) return await read(openJournal(store), place.stateDir)
  throw new PlimsollError('RUN_UNKNOWN', `nothing has been recorded in ${namePlace(place)}`, {
    fix: 'Name the directory of the record with --state DIR or its database with --database URL, or deploy first',
  })
}
