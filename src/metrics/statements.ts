/** The SQL of the metrics, for every database alike. */
import type { Statement } from '../store/store.ts'
import type { Entry } from './series-cache.ts'
import type { KnownSummary, Summary } from './summary.ts'

/** Of placeholders in a list: one text for all lengths, the last repeated. */
export const idsAtOnce = 64

export function padded(ids: readonly number[]): readonly number[] {
  const last = ids.at(-1) ?? -1
  return Array.from({ length: idsAtOnce }, (_, index) => ids[index] ?? last)
}

export function pagesOf<Item>(
  items: readonly Item[],
  length: number = idsAtOnce,
): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / length) }, (_, page) =>
    items.slice(page * length, (page + 1) * length),
  )
}

export const idList = Array.from({ length: idsAtOnce }, (_, index) => `?${index + 1}`).join(', ')

export type StateRow = { readonly seq: number; readonly series_form: number; readonly blocks_form: number }
export const readState = 'select seq, series_form, blocks_form from metric_state where id = 1'

export type SeriesRow = { readonly id: number; readonly name: string; readonly labels: string }
export type KnownRow = SeriesRow & { readonly t1: number | null }
export const readKnown = `
  select s.id, s.name, s.labels,
    (select max(b.t1) from metric_blocks b where b.series_id = s.id) as t1
  from metric_series s
  where s.id in (${idList})`

/** Changes no row when another series has the id. */
export const insertSeries = ({ id, name, labels }: Entry): Statement => ({
  sql: `
    insert into metric_series (id, name, labels) values (?1, ?2, ?3)
    on conflict (id) do update set labels = excluded.labels
    where metric_series.name = excluded.name and metric_series.labels = excluded.labels`,
  parameters: [id, name, JSON.stringify(labels)],
  expectRows: 1,
})

export const insertChunk = (seriesForm: number, count: number, data: Uint8Array): readonly Statement[] => [
  {
    sql: 'update metric_state set seq = seq + 1 where id = 1 and series_form = ?1',
    parameters: [seriesForm],
    expectRows: 1,
  },
  {
    sql: `
      insert into metric_chunks (seq, n, data)
      values ((select seq from metric_state where id = 1), ?1, ?2)`,
    parameters: [count, data],
  },
]

export type BlocksChange = { readonly statement: Statement; readonly form: number }
/**
 * Whoever changes blocks does it only while they are as he has read them. The new form is no number that anybody else takes:
 * a server that crashes may forget a change, and who made it would else take one of somebody else for it.
 */
export function changeBlocks(blocksForm: number): BlocksChange {
  // Not of node:crypto, which takes 2 MB of each thread that loads it: nobody gains by guessing it.
  const form = Math.floor(Math.random() * 2 ** 48)
  const sql = 'update metric_state set blocks_form = ?1 where id = 1 and blocks_form = ?2'
  return { form, statement: { sql, parameters: [form, blocksForm], expectRows: 1 } }
}

export type ChunkRow = { readonly seq: number; readonly n: number; readonly data: Uint8Array }
/** So many chunks of 1,000 samples are 0.8 MB. */
export const chunksAtOnce = 32
export const readChunks = `
  select seq, n, data from metric_chunks where seq > ?1 order by seq limit ${chunksAtOnce}`
/** Bytes of a chunk by which it is known again, at its begin and at its end. */
export const markBytes = 256
export type ChunkMark = { readonly size: number; readonly head: Uint8Array; readonly tail: Uint8Array }
export type EndsRow = { readonly first_seq: number | null } & (ChunkMark | { readonly size: null })
/** The number of the first that is there, and how the one that was last looks. */
export const readChunkEnds = `
  select f.seq as first_seq, length(c.data) as size, substr(c.data, 1, ${markBytes}) as head,
    substr(c.data, case when length(c.data) > ${markBytes} then length(c.data) - ${markBytes - 1} else 1 end) as tail
  from (select min(seq) as seq from metric_chunks) f
  left join metric_chunks c on c.seq = ?1`

export type BlockPlace = {
  readonly series_id: number
  readonly t0: number
  readonly t1: number
  readonly n: number
}
export type BlockRow = BlockPlace & { readonly data: Uint8Array }
export type NewBlock = BlockRow & Summary & { readonly step_ms: number | null }
/** `n` is null where a part of it was deleted that is still in the data: then it begins at `t0` or later. */
export type VisiblePlace = Omit<BlockPlace, 'n'> & { readonly n: number | null }
export type VisibleBlock = VisiblePlace & { readonly data: Uint8Array }

/** More than `idsAtOnce`, so that a page of series with one block each is the only one. */
export const blocksAtOnce = 96
/** Of some series, those that end at ?65 or later and begin before ?66. */
export const readBlocks = `
  select series_id, t0, t1, n, data
  from metric_visible_blocks
  where series_id in (${idList}) and t1 >= ?65 and t0 < ?66
  order by series_id, t1
  limit ${blocksAtOnce}`

export type SummaryRow = BlockPlace & KnownSummary & { readonly data: null }
/**
 * The same without the data of those that have a summary, lie whole in the range, before ?67, and in one bucket: these
 * are ?68 long, and one begins at ?69, which no time is before.
 */
export const readSummaries = `
  select series_id, t0, t1, n, min, max, sum,
    case
      when sum is not null and t0 >= ?65 and t1 < ?66 and t1 < ?67
        and (t0 - cast(?69 as bigint)) / cast(?68 as bigint) = (t1 - cast(?69 as bigint)) / cast(?68 as bigint)
      then null else data end as data
  from metric_visible_blocks
  where series_id in (${idList}) and t1 >= ?65 and t0 < ?66
  order by series_id, t1
  limit ${blocksAtOnce}`

export const insertBlock = (block: NewBlock): Statement => ({
  sql: `
    insert into metric_blocks (series_id, t0, t1, n, data, min, max, sum, step_ms)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`,
  parameters: [
    ...[block.series_id, block.t0, block.t1, block.n, block.data],
    ...[block.min, block.max, block.sum, block.step_ms],
  ],
})

export const deleteBlock = ({ series_id, t1 }: Pick<BlockPlace, 'series_id' | 't1'>): Statement => ({
  sql: 'delete from metric_blocks where series_id = ?1 and t1 = ?2',
  parameters: [series_id, t1],
  expectRows: 1,
})

/**
 * Of each series what a range of new times has to do with: the blocks of that range, and the one before it, which may
 * have room. Three parameters for each: id, first and last time.
 */
const wanted = Array.from({ length: idsAtOnce }, (_, index) => {
  const [id, first, last] = [1, 2, 3].map((number) => `cast(?${index * 3 + number} as bigint)`)
  return index === 0
    ? `select ${id} as id, ${first} as first_ms, ${last} as last_ms`
    : `select ${id}, ${first}, ${last}`
})
export const touchedAtOnce = 256
export const readTouched = `
  select b.series_id, b.t0, b.t1, b.n, b.data
  from (${wanted.join(' union all ')}) w
  join metric_visible_blocks b on b.series_id = w.id and b.t0 <= w.last_ms and b.t1 >= coalesce(
    (select max(p.t1) from metric_blocks p where p.series_id = w.id and p.t1 < w.first_ms), w.first_ms)
  order by b.series_id, b.t1
  limit ${touchedAtOnce}`

export const deleteChunks = (lastSeq: number, count: number): Statement => ({
  sql: 'delete from metric_chunks where seq <= ?1',
  parameters: [lastSeq],
  expectRows: count,
})
