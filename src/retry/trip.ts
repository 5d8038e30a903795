import { refused } from './delays.ts'

/** When a breaker opens: after failures in a row, of the last calls, or a share of the calls of the last time. */
export type OpensAt =
  | { readonly consecutive: number }
  | { readonly failures: number; readonly of: number }
  | { readonly share: number; readonly withinMs: number; readonly atLeast: number }

/** Counts how calls end. Bounded: a number, a ring of the last calls, or twenty slices of time. */
export type Trip = {
  /** Whether the breaker is to open now. */
  add(isFailure: boolean, nowMs: number): boolean
  clear(): void
}

export function tripOf(opensAt: OpensAt): Trip {
  if (typeof opensAt !== 'object' || opensAt === null)
    throw refused('opensAt', opensAt, '{ consecutive }, { failures, of } or { share, withinMs, atLeast }')
  if ('consecutive' in opensAt) return inARow(opensAt.consecutive)
  if ('of' in opensAt) return ofTheLast(opensAt.failures, opensAt.of)
  if ('share' in opensAt) return ofTheTime(opensAt)
  throw refused('opensAt', opensAt, '{ consecutive }, { failures, of } or { share, withinMs, atLeast }')
}

function inARow(most: number): Trip {
  checkWhole('consecutive', most)
  let failures = 0
  return {
    add: (isFailure) => {
      failures = isFailure ? failures + 1 : 0
      return failures >= most
    },
    clear: () => {
      failures = 0
    },
  }
}

/** The largest ring, in calls: 100 kB. */
const mostCalls = 100_000

function ofTheLast(most: number, of: number): Trip {
  checkWhole('failures', most)
  checkWhole('of', of)
  if (most > of) throw refused('failures', most, `at most "of", which is ${of}`)
  if (of > mostCalls) throw refused('of', of, `at most ${mostCalls}`)
  const ring = new Uint8Array(of)
  let next = 0
  let failures = 0
  return {
    add: (isFailure) => {
      failures += Number(isFailure) - (ring[next] ?? 0)
      ring[next] = Number(isFailure)
      next = (next + 1) % of
      return failures >= most
    },
    clear: () => {
      ring.fill(0)
      failures = 0
    },
  }
}

const slices = 20

function ofTheTime({ share, withinMs, atLeast }: Extract<OpensAt, { share: number }>): Trip {
  if (!(share > 0 && share <= 1)) throw refused('share', share, 'above 0 and at most 1')
  if (!(Number.isFinite(withinMs) && withinMs > 0))
    throw refused('withinMs', withinMs, 'more than 0 milliseconds')
  checkWhole('atLeast', atLeast)
  const sliceMs = withinMs / slices
  const all = new Float64Array(slices)
  const failed = new Float64Array(slices)
  let current = Number.NEGATIVE_INFINITY
  const clear = (): void => {
    all.fill(0)
    failed.fill(0)
  }
  /** Forgets the slices that time has passed over. */
  const move = (nowMs: number): number => {
    const slice = Math.floor(nowMs / sliceMs)
    if (slice - current >= slices) clear()
    else {
      for (let passed = current + 1; passed <= slice; passed += 1) {
        all[passed % slices] = 0
        failed[passed % slices] = 0
      }
    }
    current = Math.max(current, slice)
    return slice % slices
  }
  return {
    add: (isFailure, nowMs) => {
      const slice = move(nowMs)
      all[slice] = (all[slice] ?? 0) + 1
      failed[slice] = (failed[slice] ?? 0) + Number(isFailure)
      const calls = sumOf(all)
      return calls >= atLeast && sumOf(failed) >= share * calls
    },
    clear,
  }
}

const sumOf = (counts: Float64Array): number => counts.reduce((sum, count) => sum + count, 0)

function checkWhole(option: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value >= 1)) throw refused(option, value, 'a whole number from 1')
}
