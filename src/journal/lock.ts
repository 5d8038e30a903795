/** Taking the lock of a plan and an environment: at once, after its owner is gone, or not at all. */
import type { Clock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import { hasProvablyEnded, isSameProcess, pidNamespace } from '../memory/memory.ts'
import type { ProcessIdentity } from '../spine.ts'
import type { Store } from '../store/store.ts'
import { formatDuration } from '../units.ts'
import { isConflict, Lease, leaseMs, lockText, lookMs, momentOf, silenceMs } from './lease.ts'
import { type LockHolder, type LockName, type LockState, readLock, taking } from './lock-rows.ts'

export type LockWish = LockName & {
  readonly runId: string
  readonly engine: ProcessIdentity
  readonly host: string
  readonly clock: Clock
  readonly signal: AbortSignal
  /** How long to wait for an owner that is alive, in milliseconds. Default 0: refuse. */
  readonly waitMs?: number
  /** Told once for each owner that is waited for, in words. */
  readonly onWait?: (message: string) => void | Promise<void>
}

/**
 * Takes the lock. An owner that has provably ended is replaced at once; one that gives no sign of life before its
 * lease (15 s) is over; one that lives is waited for as long as is wished.
 * @throws LOCK_HELD, what the signal aborts with, and what the store throws.
 */
export async function takeLock(store: Store, wish: LockWish): Promise<Lease> {
  const { clock, signal, waitMs = 0 } = wish
  const startMs = clock.monotonic()
  const giveUpAtMs = startMs + waitMs
  let watch: Watch | undefined
  for (;;) {
    signal.throwIfAborted()
    const seen = await readLock(store, wish)
    watch = watched(watch, seen, clock.monotonic())
    if (mayTake(watch, clock)) {
      const waitedMs = watch.isTold ? clock.monotonic() - startMs : 0
      const lease = await tryToTake(store, wish, seen, waitedMs)
      if (lease !== null) return lease
      continue
    }
    const { holder } = watch
    if (holder !== null && clock.monotonic() >= giveUpAtMs && isAlive(watch, clock))
      throw held(wish, holder, clock)
    if (!watch.isTold) {
      watch.isTold = true
      await wish.onWait?.(waitText(wish, watch, clock))
    }
    await clock.sleep(Math.min(lookMs, leftMs(watch, clock)), signal)
  }
}

/** What can be seen of a lock. `silent`: nobody knows whether the owner is alive; it gave no sign of life while we looked. */
export type LockSight = {
  readonly fence: number
  readonly state: 'free' | 'gone' | 'silent' | 'alive'
  readonly holder: LockHolder | null
}

/** Longer than an owner takes to renew it, in milliseconds. */
const lookLongMs = 7_000

/** Looks at a lock for as long as it takes to know whether its owner lives, at most 7 s. Changes nothing. */
export async function inspectLock(
  store: Store,
  name: LockName,
  { clock, signal }: Pick<LockWish, 'clock' | 'signal'>,
): Promise<LockSight> {
  const startMs = clock.monotonic()
  let watch: Watch | undefined
  for (;;) {
    watch = watched(watch, await readLock(store, name), clock.monotonic())
    const { fence, holder } = watch
    if (holder === null) return { fence, holder, state: 'free' }
    if (hasProvablyEnded(holder.engine, holder.pidNamespace)) return { fence, holder, state: 'gone' }
    if (isAlive(watch, clock)) return { fence, holder, state: 'alive' }
    if (clock.monotonic() - startMs >= lookLongMs) return { fence, holder, state: 'silent' }
    await clock.sleep(lookMs, signal)
  }
}

/** An owner under observation. */
type Watch = {
  readonly fence: number
  readonly beat: number
  readonly holder: LockHolder | null
  /** Monotonic: when this beat was first seen. */
  readonly sinceMs: number
  /** It was seen to give a sign of life. */
  readonly wasRenewed: boolean
  isTold: boolean
}

/** Times are counted from when a beat was read, which is after it was sent: see `Lease`. */
function watched(before: Watch | undefined, { fence, beat, holder }: LockState, nowMs: number): Watch {
  const isSameOwner = before?.fence === fence
  if (before && isSameOwner && before.beat === beat) return before
  return {
    fence,
    beat,
    holder,
    sinceMs: nowMs,
    wasRenewed: isSameOwner,
    isTold: isSameOwner && before.isTold,
  }
}

function mayTake({ holder, sinceMs }: Watch, clock: Clock): boolean {
  if (holder === null || hasProvablyEnded(holder.engine, holder.pidNamespace)) return true
  return clock.monotonic() - sinceMs >= silenceMs
}

/** Until it may be taken, in milliseconds. */
const leftMs = ({ sinceMs }: Watch, clock: Clock): number =>
  Math.max(1, sinceMs + silenceMs - clock.monotonic())

/**
 * Seen to renew it, or a process of this machine whose lease is not over. Clocks that were set only make this answer
 * come later: after the next renewal.
 */
function isAlive({ holder, wasRenewed }: Watch, clock: Clock): boolean {
  if (holder === null) return false
  if (wasRenewed) return true
  const leftMs = holder.expiresAtMs - clock.now()
  return leftMs > 0 && leftMs <= leaseMs && runsHere(holder)
}

const runsHere = ({ engine, pidNamespace: namespace }: LockHolder): boolean =>
  namespace === pidNamespace() && isSameProcess(engine)

/** Null when another one was faster. */
async function tryToTake(
  store: Store,
  wish: LockWish,
  seen: LockState,
  waitedMs: number,
): Promise<Lease | null> {
  const { plan, environment, runId, host, engine, clock } = wish
  const name = { plan, environment }
  const sentAt = momentOf(clock)
  const nowMs = clock.now()
  const times = { acquiredAtMs: nowMs, expiresAtMs: nowMs + leaseMs }
  const holder = { runId, host, engine, pidNamespace: pidNamespace(), ...times }
  try {
    await store.write(taking(name, seen, holder))
  } catch (error) {
    if (isConflict(error)) return null
    throw error
  }
  return new Lease({ store, name, number: seen.fence + 1, clock, sentAt, replaced: seen.holder, waitedMs })
}

function held(name: LockName, holder: LockHolder, clock: Clock): PlimsollError {
  return new PlimsollError(
    'LOCK_HELD',
    `${heldText(name, holder, clock)}, until ${timeText(holder.expiresAtMs)} unless it is renewed`,
  )
}

export function heldText(name: LockName, holder: LockHolder, clock: Clock): string {
  const { runId, host, engine, acquiredAtMs } = holder
  const forMs = Math.max(0, clock.now() - acquiredAtMs)
  const who = `run ${runId}, process ${engine.pid} on ${host}`
  return `${lockText(name)} is being deployed by ${who}, since ${timeText(acquiredAtMs)} (${formatDuration(forMs)})`
}

function waitText(name: LockName, watch: Watch, clock: Clock): string {
  if (watch.holder === null) return `waits for the lock of ${lockText(name)}`
  const text = heldText(name, watch.holder, clock)
  if (isAlive(watch, clock)) return `waits for the lock: ${text}`
  return `waits for the lock: ${text}; it is taken over if it gives no sign of life for ${formatDuration(leaseMs)}`
}

const timeText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`
