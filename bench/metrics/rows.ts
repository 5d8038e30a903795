/** What ours is compared with: a row for each sample, in order of time, without a row id, read through the same API. */
import { DatabaseSync } from 'node:sqlite'
import type { AggregatePoint } from '../../src/metrics/aggregate-words.ts'
import type { Sample } from '../../src/metrics/metrics.ts'

const schema = `
  pragma page_size = 4096;
  pragma journal_mode = wal;
  pragma synchronous = full;
  create table if not exists series (id integer primary key, key text unique, name text, labels text);
  create table if not exists samples (
    ts integer not null, series_id integer not null, value real not null, primary key (ts, series_id)
  ) without rowid`

type Series = Pick<Sample, 'name' | 'labels'>
type Row = [ts: number, id: number, value: number]
export type RowBatch = {
  readonly series: readonly Series[]
  readonly timestampsMs: Float64Array
  readonly values: Float64Array
}

export class RowRepository implements Disposable {
  readonly database: DatabaseSync
  readonly #ids = new Map<string, number>()
  readonly #series = new Map<number, Series>()

  constructor(file: string) {
    this.database = new DatabaseSync(file)
    this.database.exec(schema)
    for (const { id, key, name, labels } of this.database.prepare('select * from series').all()) {
      this.#ids.set(String(key), Number(id))
      this.#series.set(Number(id), { name: String(name), labels: JSON.parse(String(labels)) })
    }
  }

  /** A chunk is a transaction. */
  async recordMetricsBatch(
    source: Iterable<Sample>,
    { chunkSize }: { readonly chunkSize: number },
  ): Promise<void> {
    const insert = this.database.prepare('insert or replace into samples values (?, ?, ?)')
    let count = 0
    this.database.exec('begin')
    for (const { name, labels, timestampMs, value } of source) {
      insert.run(timestampMs, this.#idOf(name, labels), value)
      count += 1
      if (count % chunkSize !== 0) continue
      this.database.exec('commit')
      await new Promise((resolve) => setImmediate(resolve))
      this.database.exec('begin')
    }
    this.database.exec('commit')
  }

  /** Pages by key: nothing is held open. */
  async *streamBatches(): AsyncGenerator<RowBatch> {
    const page = this.database.prepare(
      'select ts, series_id, value from samples where (ts, series_id) > (?, ?) order by ts, series_id limit 5000',
    )
    page.setReturnArrays(true)
    let after: readonly [number, number] = [Number.MIN_SAFE_INTEGER, 0]
    while (true) {
      const rows = page.all(...after) as unknown as Row[]
      const last = rows.at(-1)
      if (last === undefined) return
      yield {
        series: rows.map(([, id]) => this.#series.get(id) as Series),
        timestampsMs: Float64Array.from(rows, ([ts]) => ts),
        values: Float64Array.from(rows, ([, , value]) => value),
      }
      after = [last[0], last[1]]
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async *streamMetrics(): AsyncGenerator<Sample> {
    for await (const { series, timestampsMs, values } of this.streamBatches()) {
      for (const [index, { name, labels }] of series.entries())
        yield { name, labels, timestampMs: timestampsMs[index] as number, value: values[index] as number }
    }
  }

  /** Of 60 s, by series, as ours gives them: one after the other, without a generator's cost. */
  averages(fromMs: number, toMs: number): AsyncIterable<AggregatePoint> {
    const found = this.database.prepare(
      `select series_id, ts / 60000 as bucket, avg(value) as value from samples
       where ts >= ? and ts < ? group by series_id, bucket`,
    )
    found.setReturnArrays(true)
    const rows = found.all(fromMs, toMs) as unknown as Row[]
    let index = 0
    const next = (): Promise<IteratorResult<AggregatePoint>> => {
      const row = rows[index++]
      if (row === undefined) return Promise.resolve({ done: true, value: undefined })
      const [id, bucket, value] = row
      const { name, labels } = this.#series.get(id) as Series
      return Promise.resolve({ done: false, value: { name, labels, timestampMs: bucket * 60_000, value } })
    }
    return { [Symbol.asyncIterator]: () => ({ next }) }
  }

  deleteBefore(beforeMs: number): void {
    this.database.prepare('delete from samples where ts < ?').run(beforeMs)
  }

  giveBack(): void {
    this.database.exec('vacuum; pragma wal_checkpoint(truncate)')
  }

  [Symbol.dispose](): void {
    this.database.close()
  }

  #idOf(name: string, labels: Sample['labels']): number {
    const key = JSON.stringify([
      name,
      Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)),
    ])
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const text = JSON.stringify(labels)
    const { lastInsertRowid } = this.database
      .prepare('insert into series (key, name, labels) values (?, ?, ?)')
      .run(key, name, text)
    const id = Number(lastInsertRowid)
    this.#ids.set(key, id)
    this.#series.set(id, { name, labels })
    return id
  }
}
