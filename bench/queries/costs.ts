/** What queries cost, measured in this process: `node --expose-gc costs.ts create|expire|log FOLDER COUNT` prints it as JSON. */
import { systemClock } from '../../src/clock.ts'
import { QueryHandler } from '../../src/queries/queries.ts'
import { openStore } from '../../src/store/store.ts'

export type CreateCosts = {
  readonly perSecond: number
  /** Processor time of all threads for each. */
  readonly cpuUs: number
  readonly heapGrowthBytes: number
  /** From the first half of the queries to all of them. */
  readonly residentGrowthBytes: number
  readonly peakBytes: number
  readonly firstPageMs: number
  readonly lastPageMs: number
  readonly firstCursorMs: number
  readonly lastCursorMs: number
  readonly searchMs: number
}
export type ExpiryCosts = {
  readonly longestMs: number
  readonly longestCpuMs: number
  readonly allMs: number
}

export type LogCosts = {
  readonly writeMs: number
  readonly readMs: number
  /** Of the greatest resident set, over that before: when it is stored, and when it is read as well. */
  readonly writeGrowthBytes: number
  readonly growthBytes: number
}

const callers = 512
const pageSize = 50

function heapBytes(): number {
  for (let round = 0; round < 3; round += 1) globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

async function createMany(queries: QueryHandler, from: number, to: number): Promise<void> {
  let next = from
  const call = async (): Promise<void> => {
    while (next < to) {
      const index = next
      next += 1
      await queries.createQuery({
        title: `Why does task ${index} wait for memory?`,
        text: `It waited for ${index % 97} seconds in run ${index}; three tasks ran beside it and used 5.9 of 7.3 GiB.`,
        tags: ['memory', `task-${index % 100}`],
        context: { plan: 'storefront', task: `task ${index}` },
      })
    }
  }
  await Promise.all(Array.from({ length: callers }, call))
}

/** The median of many. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < 101; round += 1) {
    const startMs = performance.now()
    await work()
    times.push(performance.now() - startMs)
  }
  return times.sort((left, right) => left - right)[50] ?? 0
}

async function create(stateDir: string, count: number): Promise<CreateCosts> {
  await using store = await openStore({ stateDir })
  await using queries = new QueryHandler({ store, maxCachedQueries: 1_000 })
  const tenth = count / 10
  const cpuBefore = process.cpuUsage()
  const startMs = performance.now()
  await createMany(queries, 0, tenth)
  let measuringMs = performance.now()
  const early = heapBytes()
  measuringMs = performance.now() - measuringMs
  await createMany(queries, tenth, count / 2)
  const halfBytes = process.memoryUsage().rss
  await createMany(queries, count / 2, count)
  const tookMs = performance.now() - startMs - measuringMs
  const cpu = process.cpuUsage(cpuBefore)
  const residentGrowthBytes = process.memoryUsage().rss - halfBytes
  const heapGrowthBytes = heapBytes() - early
  const peakBytes = process.resourceUsage().maxRSS * 1_024
  let cursor: string | undefined
  for (let page = 1; page < count / pageSize; page += 1)
    cursor = (await queries.getQueryPage({ cursor, pageSize })).nextCursor ?? undefined
  return {
    residentGrowthBytes,
    cpuUs: (cpu.user + cpu.system) / count,
    perSecond: (count / tookMs) * 1_000,
    heapGrowthBytes,
    peakBytes,
    firstPageMs: await timeOf(() => queries.getActiveQueries({ page: 1, pageSize })),
    lastPageMs: await timeOf(() => queries.getActiveQueries({ page: count / pageSize, pageSize })),
    firstCursorMs: await timeOf(() => queries.getQueryPage({ pageSize })),
    lastCursorMs: await timeOf(() => queries.getQueryPage({ cursor, pageSize })),
    searchMs: await timeOf(() => queries.searchQueries('task 77777', { pageSize })),
  }
}

async function expire(stateDir: string, count: number): Promise<ExpiryCosts> {
  let aheadMs = 0
  const clock = { ...systemClock, now: () => Date.now() + aheadMs }
  await using store = await openStore({ stateDir })
  await using queries = new QueryHandler({ store, clock, maxCachedQueries: count, maxCachedMb: 1_024 })
  await createMany(queries, 0, count)
  heapBytes()
  aheadMs = 25 * 3_600_000
  let longestMs = 0
  let longestCpuMs = 0
  const nowOf = () => ({ atMs: performance.now(), cpuMs: cpuMs() })
  const start = nowOf()
  let last = start
  const watch = (): void => {
    const now = nowOf()
    longestMs = Math.max(longestMs, now.atMs - last.atMs)
    longestCpuMs = Math.max(longestCpuMs, now.cpuMs - last.cpuMs)
    last = now
    turn = setImmediate(watch)
  }
  let turn = setImmediate(watch)
  const { removed } = await queries.cleanupExpired()
  clearImmediate(turn)
  if (removed !== count) throw new Error(`${removed} of ${count} have left`)
  return { longestMs, longestCpuMs, allMs: performance.now() - start.atMs }
}

/** A log of so many bytes, of which no more than a piece is ever held here. */
async function* logOf(bytes: number): AsyncIterable<string> {
  let line = 0
  for (let at = 0; at < bytes; ) {
    const lines = Array.from({ length: 500 }, () => {
      line += 1
      return `2026-11-23T10:15:30.123Z step ${line} compiled src/module-${line % 997}.ts in ${line % 83} ms`
    })
    const text = `${lines.join('\n')}\n`
    at += text.length
    yield text
  }
}

async function log(stateDir: string, bytes: number): Promise<LogCosts> {
  await using store = await openStore({ stateDir })
  await using queries = new QueryHandler({ store })
  await createMany(queries, 0, 1_000)
  heapBytes()
  const before = process.memoryUsage().rss
  const startMs = performance.now()
  const { attachments } = await queries.createQuery({ title: 'a log', text: logOf(bytes) })
  const writeMs = performance.now() - startMs
  const writeGrowthBytes = process.resourceUsage().maxRSS * 1_024 - before
  const [stored] = attachments
  if (stored?.kind !== 'stored-text') throw new Error('the log was not stored')
  let read = 0
  for await (const piece of queries.readText(stored.textId)) read += piece.length
  if (read !== stored.bytes || read < bytes) throw new Error(`${read} of ${stored.bytes} bytes came back`)
  const readMs = performance.now() - startMs - writeMs
  return { writeMs, readMs, writeGrowthBytes, growthBytes: process.resourceUsage().maxRSS * 1_024 - before }
}

/** Of this thread alone. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

const [, , what, folder = '', count = ''] = process.argv
const measured = { create, expire, log }[what ?? '']
if (measured === undefined) throw new Error(`there is no measurement "${what}"`)
process.stdout.write(JSON.stringify(await measured(folder, Number(count))))
