/** What a lock costs a run that nobody disputes it with. */
import { systemClock } from '../../src/clock.ts'
import { takeLock } from '../../src/journal/journal.ts'
import type { Store } from '../../src/store/store.ts'
import { wishOf } from './wish.ts'

export type Costs = {
  readonly takeMs: readonly number[]
  readonly renewMs: readonly number[]
  readonly giveBackMs: readonly number[]
}

/** The lease renews itself by a clock that says that 5 s went by. */
export async function costsOf(store: Store, rounds: number): Promise<Costs> {
  const takeMs: number[] = []
  const renewMs: number[] = []
  const giveBackMs: number[] = []
  let aheadMs = 0
  let tick = (): void => undefined
  let written = Promise.resolve()
  const clock = {
    ...systemClock,
    monotonic: () => systemClock.monotonic() + aheadMs,
    every: (_ms: number, callback: () => void) => {
      tick = callback
      return { [Symbol.dispose]: () => undefined }
    },
  }
  const watched: Store = {
    ...store,
    write: (statements) => {
      written = store.write(statements)
      return written
    },
  }
  const { signal } = new AbortController()
  for (let round = 0; round <= rounds; round += 1) {
    const wish = { ...wishOf('costs'), clock, signal }
    const startMs = performance.now()
    const lease = await takeLock(watched, wish)
    const takenAtMs = performance.now()
    aheadMs += 5_000
    tick()
    await written
    const renewedAtMs = performance.now()
    await lease[Symbol.asyncDispose]()
    const endMs = performance.now()
    // The first one is not counted: everything is new to it.
    if (round === 0) continue
    takeMs.push(takenAtMs - startMs)
    renewMs.push(renewedAtMs - takenAtMs)
    giveBackMs.push(endMs - renewedAtMs)
  }
  return { takeMs, renewMs, giveBackMs }
}
