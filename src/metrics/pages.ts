/** Pages of samples: behind a cursor in constant time, or at an offset by walking over counts. */
import { PlimsollError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { afterLastMs, firstMs } from './blocks.ts'
import { countSeries } from './count.ts'
import { cursorOf, startOf } from './cursor.ts'
import type { Head } from './head.ts'
import { type ReadPlan, readBatches, type StartAfter } from './reader.ts'
import { sampleAt } from './sample-stream.ts'
import type { VisiblePlace } from './statements.ts'
import type { Sample, SampleQuery } from './words.ts'

export type PageQuery = SampleQuery & {
  /** The most samples of the page. Default 1,000, most 100,000. */
  readonly limit?: number
  /** So many samples are passed over. */
  readonly offset?: number
  /** Of the page before, of the same query. */
  readonly cursor?: string
}

export type Page = {
  readonly samples: readonly Sample[]
  /** Gets what comes next; null when that was all. */
  readonly cursor: string | null
}

const usualLimit = 1_000
const mostSamples = 100_000

/** @throws METRIC_CURSOR_INVALID, OPTION_INVALID */
export async function readPage(
  store: Store,
  head: Head,
  { query, test }: { readonly query: PageQuery; readonly test: ReadPlan['test'] },
): Promise<Page> {
  const { limit = usualLimit, offset = 0, cursor, ...samples } = query
  whole('limit', limit, { least: 1, most: mostSamples })
  whole('offset', offset, { least: 0, most: Number.MAX_SAFE_INTEGER })
  const plan = { query: samples, test }
  if (cursor !== undefined) {
    const start = startOf(samples, cursor)
    return await take(store, head, { plan: { ...plan, start }, skip: offset, limit })
  }
  if (offset === 0) return await take(store, head, { plan, skip: 0, limit })
  const found = await walk(store, head, { plan, offset })
  if (found === null) return { samples: [], cursor: null }
  return await take(store, head, { plan: { ...plan, start: found.start }, skip: found.skip, limit })
}

async function take(
  store: Store,
  head: Head,
  { plan, skip, limit }: { readonly plan: ReadPlan; readonly skip: number; readonly limit: number },
): Promise<Page> {
  const samples: Sample[] = []
  let left = skip
  let end: StartAfter | null = null
  for await (const batch of readBatches(store, head, plan)) {
    const { length } = batch.timestampsMs
    for (let index = Math.min(left, length); index < length; index += 1) {
      if (samples.length === limit && end !== null) return { samples, cursor: cursorOf(plan.query, end) }
      samples.push(sampleAt(batch, index))
      end = { seriesId: batch.series.id, afterMs: batch.timestampsMs[index] as number }
    }
    left = Math.max(0, left - length)
  }
  return { samples, cursor: null }
}

type Found = { readonly start: StartAfter; readonly skip: number }

async function walk(
  store: Store,
  head: Head,
  { plan, offset }: { readonly plan: ReadPlan; readonly offset: number },
): Promise<Found | null> {
  let left = offset
  for await (const { series, samples } of countSeries(store, head, plan)) {
    if (samples > left) return await walkSeries(store, head, { plan, seriesId: series.id, offset: left })
    left -= samples
  }
  return null
}

const blocksPerPage = 1_000
const readPlaces = `
  select series_id, t0, t1, n from metric_visible_blocks
  where series_id = ?1 and t1 >= ?2 and t0 < ?3 order by t1 limit ${blocksPerPage}`

/** Over whole blocks that no newer sample falls into. */
async function walkSeries(
  store: Store,
  head: Head,
  { plan, seriesId, offset }: { readonly plan: ReadPlan; readonly seriesId: number; readonly offset: number },
): Promise<Found> {
  const { fromMs = firstMs, toMs = afterLastMs } = plan.query
  const freshMs = (await head.read()).get(seriesId)?.timestampsMs[0] ?? afterLastMs
  let found: Found = { start: { seriesId, afterMs: fromMs - 1 }, skip: offset }
  while (true) {
    const { afterMs } = found.start
    const rows = await store.read<VisiblePlace>(readPlaces, [seriesId, afterMs + 1, toMs])
    for (const { t0, t1, n } of rows) {
      if (t0 < fromMs || t1 >= toMs || freshMs <= t1 || n === null || n > found.skip) return found
      found = { start: { seriesId, afterMs: t1 }, skip: found.skip - n }
    }
    if (rows.length < blocksPerPage) return found
  }
}

function whole(name: string, value: number, range: { readonly least: number; readonly most: number }): void {
  if (Number.isInteger(value) && value >= range.least && value <= range.most) return
  throw new PlimsollError(
    'OPTION_INVALID',
    `${name} is ${value}, expected a whole number from ${range.least} to ${range.most}`,
  )
}
