/** The series of a query, in order of their ids, a page at a time. */
import type { Store } from '../store/store.ts'
import type { SeriesTest } from './matchers.ts'
import { keyOf } from './series-key.ts'
import type { SeriesRow } from './statements.ts'
import type { Labels, Series, SeriesQuery } from './words.ts'

export type KnownSeries = Series & { readonly id: number }

const pageRows = 500
const pageOfAll = `
  select id, name, labels from metric_series where id >= ?1 order by id limit ${pageRows}`
const pageOfName = `
  select id, name, labels from metric_series where name = ?2 and id >= ?1 order by id limit ${pageRows}`

/** From this id on. */
export async function* seriesOf(
  store: Store,
  query: SeriesQuery,
  how: { readonly test: SeriesTest; readonly fromId?: number },
): AsyncGenerator<readonly KnownSeries[]> {
  let fromId = how.fromId ?? 0
  while (true) {
    const rows =
      query.name === undefined
        ? await store.read<SeriesRow>(pageOfAll, [fromId])
        : await store.read<SeriesRow>(pageOfName, [fromId, query.name])
    const all = rows.map(({ id, name, labels }) => ({ id, name, labels: labelsOf(labels) }))
    yield all.filter(how.test)
    const last = rows.at(-1)
    if (rows.length < pageRows || last === undefined) return
    fromId = last.id + 1
  }
}

const labelsOf = (text: string): Labels => Object.freeze(JSON.parse(text))

/** What tells two queries apart. */
export const textOf = (query: SeriesQuery & { readonly fromMs?: number; readonly toMs?: number }): string =>
  JSON.stringify([
    query.name ?? null,
    keyOf('', query.labels ?? {}),
    (query.matchers ?? []).map(({ label, op, value }) => [label, op, value]),
    query.fromMs ?? null,
    query.toMs ?? null,
  ])
