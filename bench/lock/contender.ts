/** An engine as far as its lock goes: takes it, works, gives it back and begins anew, until its time is over. */
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../src/clock.ts'
import { PlimsollError } from '../../src/errors.ts'
import { takeLock } from '../../src/journal/journal.ts'
import { openStore } from '../../src/store/store.ts'
import type { ContenderTask } from './contenders.ts'
import { wishOf } from './wish.ts'
import { workOnce } from './witness.ts'

const task: ContenderTask = JSON.parse(process.argv[2] ?? '')
const { holdMs, pauseMs, witness } = task
const signal = AbortSignal.timeout(task.lastsMs)
const stepMs = Math.min(holdMs / 4, 250)
/** What an engine that is stopped for a while must expect. */
const expected = ['LOCK_LOST', 'STATE_BUSY', 'DATABASE_LOST']

await using store = await openStore(task.place)
while (!signal.aborted) {
  try {
    await holdOnce()
  } catch (error) {
    if (signal.aborted) break
    if (!(error instanceof PlimsollError) || !expected.includes(error.code)) throw error
    process.send?.(error.code)
  }
  await sleep(Math.random() * pauseMs)
}
process.disconnect?.()

async function holdOnce(): Promise<void> {
  await using lease = await takeLock(store, {
    ...wishOf(task.environment, task.isElsewhere),
    ...{ clock: systemClock, signal, waitMs: task.lastsMs },
  })
  process.send?.('taken')
  const untilMs = performance.now() + Math.random() * holdMs
  do {
    const isHeld = await workOnce({ store, lease, witness })
    if (!isHeld) {
      // The store has let it write: right as long as nobody has taken the lock.
      process.send?.('not refused')
      return
    }
    await sleep(Math.random() * stepMs)
  } while (performance.now() < untilMs && !signal.aborted)
}
