/** How long it takes until the lock of an owner that is gone has another owner. */
import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../src/clock.ts'
import { takeLock } from '../../src/journal/journal.ts'
import type { Store } from '../../src/store/store.ts'
import { type Contenders, heard, kill } from './contenders.ts'
import { wishOf } from './wish.ts'
import { workOnce } from './witness.ts'

type Parts = { readonly store: Store; readonly contenders: Contenders; readonly witness: string }

const numbered = (word: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${word}-${index}`)

/** Each lock is held by a process of its own; all are there before the first is touched. */
async function held(
  names: readonly string[],
  { contenders }: Parts,
  isElsewhere = false,
): Promise<readonly (readonly [string, ChildProcess])[]> {
  const start = async (name: string) => [name, await contenders.startHolder(name, isElsewhere)] as const
  return await Promise.all(names.map(start))
}

/** From the call until it has the lock, in milliseconds; then it works once. `after`: what follows while it still has it. */
async function takeMs(
  environment: string,
  { store, witness }: Parts,
  after?: () => Promise<void>,
): Promise<number> {
  const startMs = performance.now()
  await using lease = await takeLock(store, {
    ...wishOf(environment),
    ...{ clock: systemClock, signal: AbortSignal.timeout(60_000), waitMs: 60_000 },
  })
  const tookMs = performance.now() - startMs
  await workOnce({ store, lease, witness })
  await after?.()
  return tookMs
}

/** Killed on this machine: by whoever comes then. */
export async function afterKillHere(count: number, parts: Parts): Promise<readonly number[]> {
  const all: number[] = []
  for (const [name, child] of await held(numbered('killed', count), parts)) {
    await kill(child)
    all.push(await takeMs(name, parts))
  }
  return all
}

/** Killed on this machine: by one that waits for it already, from the kill on. */
export const whileWaitingHere = async (count: number, parts: Parts): Promise<readonly number[]> =>
  await whileWaiting(await held(numbered('awaited', count), parts), 1_000, parts)

/** Killed, and nobody here can know: by one that waits for it already, from the kill on, which may follow a sign of life. */
export const whileWaitingElsewhere = async (count: number, parts: Parts): Promise<readonly number[]> =>
  await whileWaiting(await held(numbered('awaited-elsewhere', count), parts, true), 5_000, parts)

async function whileWaiting(
  owners: readonly (readonly [string, ChildProcess])[],
  spreadMs: number,
  parts: Parts,
): Promise<readonly number[]> {
  return await Promise.all(
    owners.map(async ([name, child]) => {
      const waitedMs = 500 + Math.random() * spreadMs
      const taken = takeMs(name, parts)
      await sleep(waitedMs)
      const killedAtMs = performance.now()
      child.kill('SIGKILL')
      await taken
      return performance.now() - killedAtMs
    }),
  )
}

/** Killed, and nobody here can know: by one that comes then. */
export async function afterKillElsewhere(count: number, parts: Parts): Promise<readonly number[]> {
  const owners = await held(numbered('elsewhere', count), parts, true)
  return await Promise.all(
    owners.map(async ([name, child]) => {
      await sleep(Math.random() * 5_000)
      await kill(child)
      return await takeMs(name, parts)
    }),
  )
}

/** Stopped on this machine, and continued when another one has its lock: what it writes then must be refused. */
export async function afterStop(count: number, parts: Parts): Promise<readonly number[]> {
  const owners = await held(numbered('stopped', count), parts)
  return await Promise.all(
    owners.map(async ([name, child]) => {
      await sleep(Math.random() * 2_000)
      await parts.contenders.stop(child)
      return await takeMs(name, parts, async () => {
        const tried = heard(child, 'LOCK_LOST', 'not refused', 'DATABASE_LOST', 'STATE_BUSY')
        child.kill('SIGCONT')
        await tried
        await kill(child)
      })
    }),
  )
}
