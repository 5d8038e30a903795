import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type SimulatedTask, simulate } from './simulated-machine.ts'

const mebibyte = 2 ** 20
const limitBytes = 512 * mebibyte
const ownBytes = 90 * mebibyte

/** How many task sets each rule is tried with. */
const numRuns = 350

type Shape = Pick<SimulatedTask, 'peakBytes' | 'durationMs' | 'rampMs'>
const shape: fc.Arbitrary<Shape> = fc
  .record({
    mebibytes: fc.integer({ min: 5, max: 300 }),
    durationMs: fc.integer({ min: 50, max: 2_000 }),
    rampShare: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ mebibytes, durationMs, rampShare }) => ({
    peakBytes: mebibytes * mebibyte,
    durationMs,
    rampMs: Math.max(1, durationMs * rampShare),
  }))
const shapes = fc.array(shape, { minLength: 1, maxLength: 30 })
const named = (list: readonly Shape[], learned: (one: Shape, index: number) => number | undefined) =>
  list.map((one, index): SimulatedTask => {
    const learnedBytes = learned(one, index)
    return { ...one, name: `t${index}`, ...(learnedBytes !== undefined && { learnedBytes }) }
  })
const machine = { limitBytes, otherBytes: () => ownBytes, maxConcurrentTasks: 10 }

/** Once, an older reading was put together with newer observations, and the last of these was let in too early. */
const quickOnesAfterLongOnes: readonly Shape[] = [
  { mebibytes: 188, durationMs: 1_941 },
  { mebibytes: 10, durationMs: 1_956 },
  ...[139, 13, 168, 26, 116].map((mebibytes) => ({ mebibytes, durationMs: 50 })),
].map(({ mebibytes, durationMs }) => ({ peakBytes: mebibytes * mebibyte, durationMs, rampMs: 1 }))

test('with right estimates memory never passes the limit, nothing is stopped and everything ends', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, async (list) => {
      const outcome = await simulate(
        named(list, ({ peakBytes }) => peakBytes),
        machine,
      )
      assert.equal(outcome.kills, 0)
      assert.ok(outcome.mostBytes <= limitBytes)
      assert.ok([...outcome.ended.values()].every(({ status }) => status === 'succeeded'))
    }),
    { numRuns, examples: [[quickOnesAfterLongOnes]] },
  )
})

test('with wrong estimates or none everything still ends, and no more than the slots run at once', async () => {
  const errors = fc.array(fc.option(fc.double({ min: 0.2, max: 4, noNaN: true })), {
    minLength: 30,
    maxLength: 30,
  })
  await fc.assert(
    fc.asyncProperty(shapes, errors, fc.integer({ min: 1, max: 12 }), async (list, factors, slots) => {
      const tasks = named(list, ({ peakBytes }, index) => {
        const factor = factors[index] ?? null
        return factor === null ? undefined : peakBytes * factor
      })
      const outcome = await simulate(tasks, { ...machine, maxConcurrentTasks: slots })
      assert.ok([...outcome.ended.values()].every(({ status }) => status === 'succeeded'))
      assert.ok(outcome.mostAtOnce <= slots)
    }),
    { numRuns },
  )
})

test('memory that others take and give back holds tasks up and loses none', async () => {
  const taken = fc.record({
    fromMs: fc.integer({ min: 0, max: 2_000 }),
    forMs: fc.integer({ min: 1, max: 5_000 }),
    bytes: fc.integer({ min: 0, max: 210 }).map((mebibytes) => mebibytes * mebibyte),
  })
  const small = shapes.map((list) =>
    list.map((one) => ({ ...one, peakBytes: Math.min(one.peakBytes, 200 * mebibyte) })),
  )
  await fc.assert(
    fc.asyncProperty(small, taken, async (list, { fromMs, forMs, bytes }) => {
      const otherBytes = (nowMs: number): number =>
        ownBytes + (nowMs >= fromMs && nowMs < fromMs + forMs ? bytes : 0)
      const tasks = named(list, ({ peakBytes }) => peakBytes)
      const { ended } = await simulate(tasks, { ...machine, otherBytes })
      assert.ok([...ended.values()].every(({ status }) => status === 'succeeded'))
    }),
    { numRuns },
  )
})

test('a large task that waits is overtaken at most sixty-four times', async () => {
  const steady = (name: string, mebibytes: number, durationMs: number): SimulatedTask => {
    const peakBytes = mebibytes * mebibyte
    return { name, peakBytes, durationMs, rampMs: 10, learnedBytes: peakBytes }
  }
  const small = Array.from({ length: 200 }, (_, index) => steady(`small${index}`, 60, 100))
  const tasks = [steady('first', 200, 20_000), steady('large', 300, 10_000), ...small]
  const { started, ended } = await simulate(tasks, machine)
  const before = started.indexOf('large') - 1
  assert.ok(before > 32 && before <= 64, `${before} started before it`)
  assert.equal(ended.get('large')?.status, 'succeeded')
})

test('what a task was seen to need is learned: the next run starts it with that', async () => {
  const tasks = named(
    Array.from({ length: 12 }, (_, index) => ({
      peakBytes: (20 + 15 * index) * mebibyte,
      durationMs: 500,
      rampMs: 200,
    })),
    () => undefined,
  )
  const first = await simulate(tasks, machine)
  const peakOf = new Map(first.learned.map(({ key, profile }) => [key, profile.peakBytes]))
  const again = tasks.map((task) => ({ ...task, learnedBytes: peakOf.get(task.name) ?? 0 }))
  const { ended } = await simulate(again, machine)
  for (const { name, peakBytes } of tasks) {
    assert.equal(peakOf.get(name), peakBytes)
    // One run is not much to go by: a tenth more.
    assert.equal(ended.get(name)?.reservedBytes, Math.ceil(peakBytes * 1.1))
  }
})
