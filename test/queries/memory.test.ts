import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { systemClock } from '../../src/clock.ts'
import { QueryCache } from '../../src/queries/cache.ts'
import type { Query } from '../../src/queries/queries.ts'
import { collectGarbage } from '../collect-garbage.ts'
import { withQueries } from './handler.ts'

const hour = 3_600_000
const ask = (title: string) => ({ title, text: `about ${title}` })

const queryOf = (index: number, rest: Partial<Query> = {}): Query => ({
  ...{
    id: `q${String(index).padStart(21, '0')}`,
    type: 'general',
    priority: 'medium',
    title: `question ${index}`,
  },
  ...{ text: '', tags: [], context: {}, constraints: [], attachments: [], createdAtMs: 1_795_000_000_000 },
  ...{ status: 'waiting', endedAtMs: null, error: null },
  ...rest,
})

withQueries(
  'a query leaves memory after queryTtlHours and is still stored',
  async (_queries, { handler, clock }) => {
    const queries = handler({ queryTtlHours: 2 })
    const first = await queries.createQuery(ask('a'))
    await clock.pass(hour)
    const second = await queries.createQuery(ask('b'))
    await queries.getQuery(first.id)
    await clock.pass(hour)
    // Nobody looked at it: that is done each minute, and a real database answers in its own time.
    while (queries.memoryOf(first.id) !== null) await clock.pass(100)
    assert.equal(queries.getMemoryReport().cachedQueries, 1)
    assert.ok((queries.memoryOf(second.id) ?? 0) > 0)
    assert.deepEqual(await queries.getQuery(first.id), first)
  },
)

withQueries(
  'the least recently used leaves first, and comes back from the store',
  async (_queries, { handler }) => {
    const queries = handler({ maxCachedQueries: 3 })
    const created: Query[] = []
    for (const title of ['a', 'b', 'c']) created.push(await queries.createQuery(ask(title)))
    const [a, b] = created as [Query, Query]
    await queries.getQuery(a.id)
    await queries.createQuery(ask('d'))
    assert.equal(queries.memoryOf(b.id), null)
    assert.ok(queries.memoryOf(a.id) !== null)
    assert.deepEqual(await queries.getQuery(b.id), b)
    const { cachedQueries, evicted, hits, misses } = queries.getMemoryReport()
    assert.deepEqual(
      { cachedQueries, evicted, hits, misses },
      { cachedQueries: 3, evicted: 2, hits: 1, misses: 1 },
    )
  },
)

withQueries(
  'large queries leave when there is no room in bytes, however few they are',
  async (_queries, { handler }) => {
    const queries = handler({ maxCachedMb: 1 })
    for (let index = 0; index < 40; index += 1)
      await queries.createQuery({ title: `question ${index}`, text: 'x'.repeat(60_000) })
    const { cachedQueries, bytes } = queries.getMemoryReport()
    assert.ok(cachedQueries >= 16 && cachedQueries <= 17, `${cachedQueries} are held`)
    assert.ok(bytes <= 2 ** 20)
  },
)

withQueries('forced clean-up empties memory, and nothing is lost', async (queries) => {
  const created = await Promise.all(['a', 'b', 'c'].map((title) => queries.createQuery(ask(title))))
  const { bytes } = queries.getMemoryReport()
  assert.deepEqual(queries.forceCleanup(), { removed: 3, bytes })
  assert.equal(queries.getMemoryReport().bytes, 0)
  for (const query of created) assert.deepEqual(await queries.getQuery(query.id), query)
})

withQueries(
  'a query that is changed by who got it, or by another process, is told as it is stored',
  async (queries, { handler }) => {
    const created = await queries.createQuery(ask('a'))
    Object.assign((await queries.getQuery(created.id)) ?? {}, { title: 'changed' })
    assert.equal((await queries.getQuery(created.id))?.title, 'a')
    await handler().cancelQuery(created.id)
    assert.equal((await queries.getQuery(created.id))?.status, 'cancelled')
  },
)

const kinds: readonly (readonly [what: string, query: (index: number) => Partial<Query>])[] = [
  ['without a text', () => ({})],
  ['of 2,000 letters', (index) => ({ text: `${index} `.repeat(400).slice(0, 2_000) })],
  ['of 2,000 letters beyond Latin-1', (index) => ({ text: `${index}你好`.repeat(700).slice(0, 2_000) })],
  ['of 60,000 letters', (index) => ({ text: `${index} `.repeat(30_000).slice(0, 60_000) })],
  [
    'with tags, context and constraints',
    (index) => ({
      tags: ['a', 'b', `c${index}`],
      context: Object.fromEntries(Array.from({ length: 20 }, (_, key) => [`name ${key}`, `value ${index}`])),
      constraints: Array.from({ length: 10 }, (_, key) => `constraint ${key} of ${index}`),
    }),
  ],
]
for (const [what, rest] of kinds) {
  test(`the bytes reported for queries ${what} are within 20 % of what V8 gives back`, async () => {
    const count = what.includes('60,000') ? 500 : 4_000
    const cache = new QueryCache({ maxEntries: count, maxBytes: 2 ** 30, ttlMs: hour, clock: systemClock })
    // What V8 makes once, such as compiled code, is not of the queries.
    for (let index = 0; index < count; index += 1) cache.keep(queryOf(index, rest(index)))
    cache.clear()
    const heapBytes = async (): Promise<number> => {
      await new Promise((next) => setImmediate(next))
      collectGarbage()
      collectGarbage()
      return process.memoryUsage().heapUsed
    }
    const empty = await heapBytes()
    for (let index = 0; index < count; index += 1) cache.keep(queryOf(index, rest(index)))
    const full = await heapBytes()
    const share = cache.bytes / (full - empty)
    assert.equal(cache.size, count)
    assert.ok(share > 0.8 && share < 1.2, `reported ${cache.bytes} bytes, the heap grew by ${full - empty}`)
  })
}

test('expiry of 100,000 entries lets others have their turn every few of them', async () => {
  let nowMs = 0
  let looks = 0
  // Each look at the clock is a millisecond later than the one before.
  const clock = { ...systemClock, now: () => nowMs, monotonic: () => looks++ }
  const cache = new QueryCache({ maxEntries: 100_000, maxBytes: 2 ** 30, ttlMs: hour, clock })
  for (let index = 0; index < 100_000; index += 1) cache.keep(queryOf(index))
  nowMs = hour
  let mostAtOnce = 0
  let lastSize = cache.size
  const watch = (): void => {
    mostAtOnce = Math.max(mostAtOnce, lastSize - cache.size)
    lastSize = cache.size
    if (lastSize > 0) setImmediate(watch)
  }
  setImmediate(watch)
  assert.equal(await cache.removeExpired(), 100_000)
  assert.equal(cache.size, 0)
  assert.ok(mostAtOnce > 0 && mostAtOnce <= 256, `${mostAtOnce} left between two turns`)
})

test('clean-up stops when its signal says so, and what is left goes the next time', async () => {
  let nowMs = 0
  const clock = { ...systemClock, now: () => nowMs, monotonic: () => nowMs++ }
  const cache = new QueryCache({ maxEntries: 10_000, maxBytes: 2 ** 30, ttlMs: 1, clock })
  for (let index = 0; index < 10_000; index += 1) cache.keep(queryOf(index))
  nowMs += 1
  const stop = new AbortController()
  setImmediate(() => stop.abort(new Error('enough')))
  await assert.rejects(cache.removeExpired(stop.signal), { name: 'AbortError' })
  assert.ok(cache.size > 0)
  await cache.removeExpired()
  assert.equal(cache.size, 0)
})

test('what came, was used, left and came again in any order never stays longer, nor counts twice', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('keep', 'get', 'forget', 'wait'), fc.nat(8))), (steps) => {
      let nowMs = 0
      const cache = new QueryCache({
        maxEntries: 4,
        maxBytes: 10_000,
        ttlMs: 5,
        clock: { ...systemClock, now: () => nowMs },
      })
      /** Least recently used first. */
      const model = new Map<string, number>()
      for (const [step, index] of steps) {
        const query = queryOf(index)
        const expiresAtMs = model.get(query.id)
        const isThere = expiresAtMs !== undefined && expiresAtMs > nowMs
        if (step === 'wait') nowMs += index
        if (step === 'forget') cache.forget(query.id)
        if (step === 'keep') cache.keep(query)
        if (step === 'get') assert.equal(cache.get(query.id) !== null, isThere)
        if (step === 'keep' || step === 'get' || step === 'forget') model.delete(query.id)
        if (step === 'get' && isThere) model.set(query.id, expiresAtMs)
        if (step === 'keep') model.set(query.id, nowMs + 5)
        const [oldest] = model.keys()
        if (model.size > 4 && oldest !== undefined) model.delete(oldest)
        assert.equal(cache.size, model.size)
        assert.equal(cache.bytes > 0, model.size > 0)
      }
    }),
  )
})
