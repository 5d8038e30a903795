/** A job beside the database; what comes behind the `?` of its name says how it goes. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { PlimsollError } from '../../src/errors.ts'
import type { Beside } from '../../src/store/store.ts'

const how = new URL(import.meta.url).search
let running = 0

/** Returns how many items there were when it began. */
export async function perform(store: Beside): Promise<number> {
  if (how === '?throws') throw new Error('no job today')
  running += 1
  if (running > 1) throw new Error('two at once')
  const [found] = await store.read<{ n: number }>('select count(*) as n from items')
  for (let turn = 0; turn < 20; turn += 1) await nextTurn()
  const id = how === '?conflict' ? -1 : 0
  const update = {
    sql: 'update items set data = ?1 where id = ?2',
    parameters: [Uint8Array.of(7), id],
    expectRows: 1,
  }
  try {
    await store.write([update])
  } catch (error) {
    // The job itself sees it as others do.
    if (error instanceof PlimsollError && error.code === 'STORE_CONFLICT') throw error
    throw new Error(`no conflict, but ${error}`)
  } finally {
    running -= 1
  }
  return found?.n ?? 0
}
