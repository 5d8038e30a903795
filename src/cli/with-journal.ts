import { resolve } from 'node:path'
import { PlimsollError } from '../errors.ts'
import { type Journal, openJournal } from '../journal/journal.ts'
import { openStoreForReading } from '../store/store.ts'
import type { Call } from './words.ts'

/** Without --state the record beside a plan in this directory is meant. */
export const stateDirOf = (call: Call): string => resolve(call.text('state') ?? '.plimsoll')

/** Reads what is recorded; makes nothing. @throws RUN_UNKNOWN when nothing is. */
export async function withJournal(
  call: Call,
  read: (journal: Journal, stateDir: string) => Promise<number>,
): Promise<number> {
  const stateDir = stateDirOf(call)
  await using store = await openStoreForReading({ stateDir })
  if (store) return await read(openJournal(store), stateDir)
  throw new PlimsollError('RUN_UNKNOWN', `nothing has been recorded in ${stateDir}`, {
    fix: 'Name the directory of the record with --state DIR, or deploy first',
  })
}
