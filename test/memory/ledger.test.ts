import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PlimsollError } from '../../src/errors.ts'
import { Ledger } from '../../src/memory/memory.ts'

const bytes = fc.integer({ min: 0, max: 1_000 })
const name = fc.constantFrom('a', 'b', 'c', 'd')
const reading = fc.record({ usedBytes: bytes, loadLineBytes: bytes })
type Step = {
  readonly kind: 'reserve' | 'observe' | 'release'
  readonly name: string
  readonly bytes: number
}
const steps = fc.array(
  fc.record({ kind: fc.constantFrom('reserve', 'observe', 'release'), name, bytes }) as fc.Arbitrary<Step>,
  { maxLength: 40 },
)

function after(list: readonly Step[]): {
  readonly ledger: Ledger
  readonly kept: ReadonlyMap<string, readonly [number, number]>
} {
  const ledger = new Ledger()
  const kept = new Map<string, readonly [number, number]>()
  for (const step of list) {
    const [reserved] = kept.get(step.name) ?? []
    if (step.kind === 'release') kept.delete(step.name)
    else if (step.kind === 'reserve') kept.set(step.name, [step.bytes, 0])
    else if (reserved !== undefined) kept.set(step.name, [reserved, step.bytes])
    if (step.kind === 'release') ledger.release(step.name)
    else ledger[step.kind](step.name, step.bytes)
  }
  return { ledger, kept }
}

test('while anything runs, nothing is admitted above the load line', () => {
  fc.assert(
    fc.property(steps, bytes, reading, (list, estimate, now) => {
      const { ledger, kept } = after(list)
      const claim = [...kept.values()].reduce(
        (sum, [reserved, observed]) => sum + Math.max(0, reserved - observed),
        0,
      )
      const { fits, freeBytes } = ledger.admit(estimate, now)
      assert.equal(freeBytes, now.loadLineBytes - now.usedBytes - claim)
      assert.equal(fits, kept.size === 0 || now.usedBytes + claim + estimate <= now.loadLineBytes)
    }),
  )
})

test('one may always run, however little room there is', () => {
  fc.assert(
    fc.property(steps, bytes, reading, (list, estimate, now) => {
      const { ledger, kept } = after(list)
      for (const each of kept.keys()) ledger.release(each)
      assert.equal(ledger.admit(estimate, now).fits, true)
    }),
  )
})

test('when everything is released, nothing is reserved or claimed, also after a second release', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const { ledger } = after(list)
      for (const each of ['a', 'b', 'c', 'd', 'a', 'never reserved']) ledger.release(each)
      assert.equal(ledger.reservedBytes, 0)
      assert.equal(ledger.claimBytes, 0)
    }),
  )
})

test('what a task uses beyond its reservation is not claimed twice', () => {
  const ledger = new Ledger()
  ledger.reserve('build', 100)
  assert.equal(ledger.claimBytes, 100)
  ledger.observe('build', 30)
  assert.equal(ledger.claimBytes, 70)
  ledger.observe('build', 300)
  assert.equal(ledger.claimBytes, 0)
  assert.equal(ledger.reservedBytes, 100)
})

test('what is observed of an unknown name is ignored', () => {
  const ledger = new Ledger()
  ledger.observe('ghost', 500)
  assert.equal(ledger.claimBytes, 0)
  assert.equal(ledger.admit(1, { usedBytes: 9, loadLineBytes: 0 }).fits, true)
})

test('numbers that are no bytes are refused', () => {
  const ledger = new Ledger()
  for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => ledger.reserve('a', wrong), PlimsollError)
    assert.throws(() => ledger.admit(wrong, { usedBytes: 0, loadLineBytes: 1 }), PlimsollError)
  }
})

/** The greatest use in each twentieth, in per cent of the peak: so much until that part, then the other. */
const profile = (
  durationMs: number,
  peakBytes: number,
  [first, until, then]: readonly [number, number, number],
) => ({
  bytes: peakBytes,
  profile: {
    durationMs,
    peakBytes,
    twentieths: Array.from({ length: 20 }, (_, part) => (part < until ? first : then)),
  },
})

/** One task runs, and used so much when it was last looked at; whether the newcomer may start beside it. */
function fitsBeside(
  running: ReturnType<typeof profile>,
  [activeMs, observedBytes]: readonly [number, number],
  newcomer: ReturnType<typeof profile>,
): boolean {
  const ledger = new Ledger()
  ledger.reserve('running', running)
  ledger.observe('running', observedBytes, activeMs)
  return ledger.admit(newcomer, { usedBytes: observedBytes, loadLineBytes: 1_000 }).fits
}

test('tasks fit whose peaks are together above the line, as long as they do not fall together', () => {
  const late = profile(10_000, 600, [10, 15, 100])
  const early = profile(5_000, 600, [100, 10, 10])
  assert.equal(fitsBeside(late, [0, 60], early), true)
  assert.equal(fitsBeside(late, [6_000, 60], early), false)
  assert.equal(fitsBeside(late, [0, 60], { ...early, bytes: 600, profile: late.profile }), false)
})

test('a task that should have ended holds what it has for a while longer, not for ever', () => {
  const overdue = profile(1_000, 500, [100, 20, 100])
  assert.equal(fitsBeside(overdue, [1_100, 500], profile(10_000, 700, [100, 20, 100])), false)
  assert.equal(fitsBeside(overdue, [1_100, 500], profile(10_000, 700, [10, 6, 100])), true)
})

test('what a task uses now counts, also when less was expected of it', () => {
  const small = profile(10_000, 700, [10, 10, 100])
  const early = profile(1_000, 600, [100, 1, 10])
  assert.equal(fitsBeside(small, [0, 70], early), true)
  assert.equal(fitsBeside(small, [0, 500], early), false)
})

test('a peak just before the end of a task counts, however long the newcomer runs', () => {
  const nearItsEnd = profile(1_000, 600, [10, 15, 100])
  const long = profile(24_000, 500, [100, 20, 100])
  assert.equal(fitsBeside(nearItsEnd, [530, 60], long), false)
})
