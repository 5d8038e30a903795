/** Finds or makes the series of samples in the database, within the limits of how many there may be. */
import { PlimsollError } from '../errors.ts'
import type { Statement, Store } from '../store/store.ts'
import type { HeadColumns } from './head.ts'
import type { Entry } from './series-cache.ts'
import { idOf } from './series-key.ts'
import { insertSeries, type KnownRow, padded, pagesOf, readKnown } from './statements.ts'

export type SeriesLimits = {
  /** Of all names together. */
  readonly maxSeries: number
  readonly maxSeriesPerName: number
}

const countAll = 'select count(*) as n from metric_series'
const countOfName = 'select count(*) as n from metric_series where name = ?1'

/**
 * What each entry must know is filled in; returned is what makes those that are missing. Two processes that make series
 * at the same moment may together go over a limit by as many as they make. Without limits, for who makes none of them.
 * @throws METRIC_TOO_MANY_SERIES
 */
export async function findSeries(
  store: Store,
  entries: ReadonlySet<Entry>,
  { head, limits }: { readonly head: HeadColumns; readonly limits: SeriesLimits | null },
): Promise<readonly Statement[]> {
  const missing: Entry[] = []
  const taken = new Set<number>()
  let open: readonly Entry[] = [...entries].filter(({ isKnown }) => !isKnown)
  while (open.length > 0) {
    const collided: Entry[] = []
    for (const page of pagesOf(open)) {
      const rows = await store.read<KnownRow>(readKnown, padded(page.map(({ id }) => id)))
      const byId = new Map(rows.map((row) => [row.id, row]))
      for (const entry of page) {
        const row = byId.get(entry.id)
        if (taken.has(entry.id) || (row !== undefined && !isSame(row, entry))) {
          collided.push(entry)
          continue
        }
        taken.add(entry.id)
        if (row === undefined) missing.push(entry)
        entry.latestMs = Math.max(row?.t1 ?? Number.NEGATIVE_INFINITY, latestIn(head, entry.id))
      }
    }
    for (const entry of collided) entry.id = idOf(entry.key, ++entry.tries)
    open = collided
  }
  if (missing.length > 0 && limits !== null) await refuseTooMany(store, missing, limits)
  return missing.map(insertSeries)
}

const isSame = (row: KnownRow, { name, labels }: Entry): boolean =>
  row.name === name && row.labels === JSON.stringify(labels)

const latestIn = (head: HeadColumns, id: number): number =>
  head.get(id)?.timestampsMs.at(-1) ?? Number.NEGATIVE_INFINITY

async function refuseTooMany(store: Store, missing: readonly Entry[], limits: SeriesLimits): Promise<void> {
  const count = async (sql: string, parameters: readonly string[]): Promise<number> =>
    (await store.read<{ readonly n: number }>(sql, parameters))[0]?.n ?? 0
  const all = (await count(countAll, [])) + missing.length
  if (all > limits.maxSeries)
    throw tooMany(`with ${missing[0]?.name} there would be ${all} series`, 'maxSeries', limits.maxSeries)
  for (const [name, ofName] of Map.groupBy(missing, (entry) => entry.name)) {
    const total = (await count(countOfName, [name])) + ofName.length
    if (total > limits.maxSeriesPerName)
      throw tooMany(`${name} would have ${total} series`, 'maxSeriesPerName', limits.maxSeriesPerName)
  }
}

const tooMany = (text: string, option: string, limit: number): PlimsollError =>
  new PlimsollError('METRIC_TOO_MANY_SERIES', `${text}, and ${option} is ${limit}`)
