import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { systemClock } from '../../src/clock.ts'
import { readPlan } from '../../src/plan/plan.ts'
import { type Query, QueryHandler, type QueryHandlerOptions } from '../../src/queries/queries.ts'
import { openStore } from '../../src/store/store.ts'
import { formatSize } from '../../src/units.ts'
import { rowsOf } from './row.ts'

const hourMs = 3_600_000

/** Its clock is that of the machine, and can be set ahead. */
class AheadClock {
  aheadMs = 0
  readonly clock = { ...systemClock, now: () => Date.now() + this.aheadMs }
}

type Look = (queries: QueryHandler, ahead: AheadClock) => Promise<string>

/** A handler on a real database, which is gone afterwards. */
async function withQueries(options: Partial<QueryHandlerOptions>, look: Look): Promise<string> {
  const stateDir = await mkdtemp(join(tmpdir(), 'plimsoll-validate-'))
  try {
    await using store = await openStore({ stateDir })
    const ahead = new AheadClock()
    await using queries = new QueryHandler({ store, clock: ahead.clock, ...options })
    return await look(queries, ahead)
  } finally {
    await rm(stateDir, { recursive: true, force: true })
  }
}

async function createMany(queries: QueryHandler, count: number, text = 'short'): Promise<readonly Query[]> {
  const created: Query[] = []
  for (let at = 0; at < count; at += 500) {
    const some = Array.from({ length: Math.min(500, count - at) }, (_, index) =>
      queries.createQuery({ title: `question ${created.length + index}`, text: `${text} ${at + index}` }),
    )
    created.push(...(await Promise.all(some)))
  }
  return created
}

const expires = (): Promise<string> =>
  withQueries({ queryTtlHours: 2 }, async (queries, ahead) => {
    const [query] = await createMany(queries, 100)
    ahead.aheadMs = 2 * hourMs - 60_000
    assert.equal((await queries.cleanupExpired()).removed, 0)
    ahead.aheadMs = 2 * hourMs
    const { removed } = await queries.cleanupExpired()
    assert.equal(removed, 100)
    assert.deepEqual(await queries.getQuery(query?.id ?? ''), query)
    return `none of 100 left after 1 h 59 min, ${removed} after 2 h; each is still stored`
  })

const leastRecentlyUsedLeaves = (): Promise<string> =>
  withQueries({ maxCachedQueries: 10 }, async (queries) => {
    const created = await createMany(queries, 10)
    const used = created.filter((_, index) => index % 2 === 0)
    for (const { id } of used) await queries.getQuery(id)
    for (let index = 0; index < 5; index += 1) await queries.createQuery({ title: `new ${index}`, text: 'x' })
    const left = created.filter(({ id }) => queries.memoryOf(id) !== null)
    assert.deepEqual(left, used)
    return `of 10 the 5 that were read stayed when 5 came, the other 5 left`
  })

const boundedAndNoneLost = (): Promise<string> =>
  withQueries({ maxCachedQueries: 100 }, async (queries) => {
    const created = await createMany(queries, 2_000)
    const { cachedQueries, evicted } = queries.getMemoryReport()
    assert.equal(cachedQueries, 100)
    for (const query of created) assert.deepEqual(await queries.getQuery(query.id), query)
    assert.equal(queries.getMemoryReport().cachedQueries, 100)
    return `2,000 created: ${cachedQueries} in memory, ${evicted} made room, all 2,000 read back as they were`
  })

const pages = (): Promise<string> =>
  withQueries({}, async (queries) => {
    const ids = (await createMany(queries, 2_500)).map(({ id }) => id)
    const byNumber: string[] = []
    for (let page = 1; page <= 25; page += 1)
      byNumber.push(...(await queries.getActiveQueries({ page, pageSize: 100 })).queries.map(({ id }) => id))
    assert.deepEqual(byNumber, ids)
    const byCursor: string[] = []
    let cursor: string | null = null
    do {
      const page = await queries.getQueryPage({ cursor: cursor ?? undefined, pageSize: 100 })
      byCursor.push(...page.queries.map(({ id }) => id))
      cursor = page.nextCursor
    } while (cursor !== null)
    assert.deepEqual(byCursor.toReversed(), ids)
    await assert.rejects(queries.getQueryPage({ cursor: 'x.y' }), { code: 'QUERY_CURSOR_INVALID' })
    return '2,500 queries: 25 pages by number, oldest first, and by cursor, newest first, have each once'
  })

const streams = (): Promise<string> =>
  withQueries({}, async (queries) => {
    await createMany(queries, 1_500)
    let seen = 0
    let meanwhile: Promise<unknown> = Promise.resolve()
    for await (const _query of queries.streamQueries({ status: 'waiting' })) {
      seen += 1
      if (seen === 1) meanwhile = createMany(queries, 500, 'meanwhile')
      if (seen === 400) await meanwhile
    }
    assert.equal(seen, 2_000)
    return `1,500 were there, 500 were created while it was read: ${seen} came`
  })

const bytesPerQuery = (): Promise<string> =>
  withQueries({}, async (queries) => {
    const small = await queries.createQuery({ title: 'small', text: 'x' })
    const large = await queries.createQuery({ title: 'large', text: 'x'.repeat(50_000) })
    const [smallBytes, largeBytes] = [queries.memoryOf(small.id) ?? 0, queries.memoryOf(large.id) ?? 0]
    assert.ok(smallBytes > 200 && smallBytes < 1_000 && largeBytes > 50_000 && largeBytes < 51_000)
    assert.equal(queries.getMemoryReport().bytes, smallBytes + largeBytes)
    const log = await queries.createQuery({ title: 'a log', text: 'line\n'.repeat(4_000_000) })
    const logBytes = queries.memoryOf(log.id) ?? 0
    assert.ok(logBytes < 12_000)
    return `a short text ${smallBytes} B, one of 50,000 letters ${largeBytes} B, a log of 20 MB ${logBytes} B: the rest of it is on disk`
  })

const cleanUpWithoutPause = (): Promise<string> =>
  withQueries({ maxCachedQueries: 20_000 }, async (queries, ahead) => {
    await createMany(queries, 20_000)
    ahead.aheadMs = 25 * hourMs
    let longestMs = 0
    let turns = 0
    let lastUs = process.threadCpuUsage()
    const watch = (): void => {
      const { user, system } = process.threadCpuUsage(lastUs)
      longestMs = Math.max(longestMs, (user + system) / 1_000)
      lastUs = process.threadCpuUsage()
      turns += 1
      turn = setImmediate(watch)
    }
    let turn = setImmediate(watch)
    const { removed } = await queries.cleanupExpired()
    clearImmediate(turn)
    assert.equal(removed, 20_000)
    assert.ok(turns >= 5, `others had ${turns} turns`)
    return `${removed} left; others had ${turns} turns meanwhile, the longest took ${longestMs.toFixed(1)} ms of processor time`
  })

const memoryReport = (): Promise<string> =>
  withQueries({ maxCachedQueries: 2_000 }, async (queries) => {
    setFlagsFromString('--expose-gc')
    const collect: () => void = runInNewContext('gc')
    const heapBytes = async (): Promise<number> => {
      await new Promise((next) => setImmediate(next))
      for (let round = 0; round < 2; round += 1) collect()
      return process.memoryUsage().heapUsed
    }
    // Twice, so that what V8 makes once is not counted.
    for (let round = 0; round < 2; round += 1) {
      for (let index = 0; index < 2_000; index += 500)
        await Promise.all(
          Array.from({ length: 500 }, (_, one) =>
            queries.createQuery({
              title: `question ${round} ${index + one}`,
              text: `${'word '.repeat(800)}${index}`,
            }),
          ),
        )
      if (round === 0) queries.forceCleanup()
    }
    const full = await heapBytes()
    const { bytes, cachedQueries } = queries.getMemoryReport()
    queries.forceCleanup()
    const freed = full - (await heapBytes())
    const share = bytes / freed
    assert.ok(share > 0.8 && share < 1.2, `reported ${bytes} bytes, V8 freed ${freed}`)
    return `${cachedQueries} queries, ${formatSize(bytes)} reported, ${formatSize(freed)} freed when they left: ${(share * 100).toFixed(0)} %`
  })

const forcedCleanUp = (): Promise<string> =>
  withQueries({}, async (queries) => {
    const created = await createMany(queries, 500)
    const { removed, bytes } = queries.forceCleanup()
    const { cachedQueries, bytes: left } = queries.getMemoryReport()
    assert.deepEqual([removed, cachedQueries, left], [500, 0, 0])
    for (const query of created) assert.deepEqual(await queries.getQuery(query.id), query)
    return `${removed} queries and ${formatSize(bytes)} left memory at once; all are read back from the store`
  })

async function limitsPerEnvironment(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'plimsoll-validate-'))
  try {
    const file = join(folder, 'plimsoll.yaml')
    await writeFile(
      file,
      `name: limits\nqueries: { maxCachedQueries: 50 }\nenvironments:\n  small: { queries: { maxCachedQueries: 7 } }\ntasks: { a: { run: "true" } }\n`,
    )
    const cachedWith = async (environment?: string, variables = {}): Promise<number> => {
      const plan = await readPlan(file, { variables, ...(environment !== undefined && { environment }) })
      let cached = 0
      await withQueries(plan.options.queries, async (queries) => {
        await createMany(queries, 60)
        cached = queries.getMemoryReport().cachedQueries
        return ''
      })
      return cached
    }
    const seen = [
      await cachedWith(),
      await cachedWith('small'),
      await cachedWith('small', { PLIMSOLL_MAX_CACHED_QUERIES: '3' }),
    ]
    assert.deepEqual(seen, [50, 7, 3])
    return `60 created; in memory ${seen[0]} by the plan, ${seen[1]} in its environment, ${seen[2]} with the variable`
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export const queryRows = rowsOf('QueryHandler', [
  ['entries expire after queryTtlHours', expires],
  ['the least recently used leaves first', leastRecentlyUsedLeaves],
  ['never more than maxCachedQueries in memory, none lost', boundedAndNoneLost],
  ['pages by number and by cursor', pages],
  ['streams while others write', streams],
  ['bytes held per query', bytesPerQuery],
  ['clean-up of expired entries without a pause', cleanUpWithoutPause],
  ['memory report', memoryReport],
  ['forced clean-up', forcedCleanUp],
  ['limits per environment', limitsPerEnvironment],
])
