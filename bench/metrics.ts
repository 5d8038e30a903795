/**
 * The metrics repository beside rows in SQLite that are read through the same API: taking in, disk, streams, averages, pages,
 * retention; and the same with blocks and rows in PostgreSQL. Each measurement is a process of its own, on the built package's
 * sources. `METRICS_LARGE=10000000` is the size of the large one.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { PostgresServer } from '../test/store/postgres-server.ts'
import {
  atLeast,
  type BenchResult,
  type BenchRow,
  compared,
  measure,
  median,
  promised,
  root,
  TemporaryFolder,
  told,
} from './measure.ts'
import { ormRates } from './metrics/orms.ts'
import { postgresRows } from './metrics/postgres-rows.ts'

export const name = 'metrics'

const runs = 3
const million = 1_000_000
const large = Number(process.env.METRICS_LARGE ?? 10_000_000)

type Numbers = Readonly<Record<string, number>>
type Work = {
  readonly what: string
  readonly data?: 'A' | 'B'
  readonly count?: number
  readonly chunk?: number
}
type Worked = { readonly numbers: Numbers; readonly peakMb: number }

async function work(
  place: string,
  { what, data = 'A', count = million, chunk = 1_000 }: Work,
): Promise<Worked> {
  const script = join(root, 'bench/metrics/work.ts')
  const { stdout, peakBytes } = await measure([
    process.execPath,
    script,
    what,
    place,
    data,
    String(count),
    String(chunk),
  ])
  return { numbers: JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}'), peakMb: peakBytes / 1e6 }
}

class Places {
  readonly #folder: string
  #count = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  next(): string {
    this.#count += 1
    const place = join(this.#folder, String(this.#count))
    mkdirSync(place)
    return place
  }
}

const pick = (all: readonly Worked[], key: string): readonly number[] =>
  all.map(({ numbers }) => numbers[key] ?? Number.NaN)
const ratios = (ours: readonly number[], theirs: readonly number[]): readonly number[] =>
  theirs.map((value, index) => value / (ours[index] ?? Number.NaN))

async function ingest(places: Places): Promise<readonly BenchRow[]> {
  const ours: Worked[] = []
  const small: Worked[] = []
  const rows: Worked[] = []
  const stalls: Worked[] = []
  for (let run = 0; run < runs; run += 1) {
    ours.push(await work(places.next(), { what: 'record' }))
    small.push(await work(places.next(), { what: 'record', chunk: 100 }))
    rows.push(await work(places.next(), { what: 'record-rows' }))
    stalls.push(await work(places.next(), { what: 'stall', count: 400_000 }))
  }
  const big = await work(places.next(), { what: 'record', count: large })
  const perSecond = median(pick(ours, 'perSecond'))
  const orms = await ormRates(places.next(), runs)
  return [
    atLeast('taken in a second, chunks of 1,000', pick(ours, 'perSecond'), { unit: '', least: 300_000 }),
    atLeast('taken in a second, chunks of 100', pick(small, 'perSecond'), { unit: '', least: 150_000 }),
    compared('  rows, chunks of 1,000', pick(rows, 'perSecond'), { unit: '', ours: perSecond }),
    ...orms.map(([orm, rates]) =>
      compared(`  ${orm}, chunks of 1,000`, rates, { unit: '', ours: perSecond }),
    ),
    ...orms.map(([orm, rates]) =>
      atLeast(
        `  times what ${orm} takes in`,
        rates.map((rate) => perSecond / rate),
        { unit: 'x', least: 4 },
      ),
    ),
    promised(
      'most memory, 1M samples',
      ours.map(({ peakMb }) => peakMb),
      { unit: 'MB', floor: 150 },
    ),
    promised(`most memory, ${large / million}M samples`, [big.peakMb], { unit: 'MB', floor: 150 }),
    promised('event loop kept for at most, 100,000 a second', pick(stalls, 'longestMs'), {
      unit: 'ms',
      floor: 20,
    }),
    promised(
      'bytes a sample on disk, data A, 1M',
      pick(ours, 'bytes').map((bytes) => bytes / million),
      { unit: 'B', floor: 2.5 },
    ),
    told(`  ${large / million}M`, [(big.numbers.bytes ?? 0) / large], 'B'),
  ]
}

async function reading(places: Places): Promise<readonly BenchRow[]> {
  const ours: Worked[] = []
  const theirs: Worked[] = []
  const kept: number[][] = [[], []]
  for (let run = 0; run < runs; run += 1) {
    const place = places.next()
    await work(place, { what: 'record', data: 'B' })
    await work(place, { what: 'record-rows', data: 'B' })
    ours.push(await work(place, { what: 'read', data: 'B' }))
    theirs.push(await work(place, { what: 'read-rows', data: 'B' }))
    kept[0]?.push((await work(place, { what: 'retain', data: 'B' })).numbers.retainMs ?? 0)
    kept[1]?.push((await work(place, { what: 'retain-rows', data: 'B' })).numbers.retainMs ?? 0)
  }
  const times = (what: string, key: string, least: number): readonly BenchRow[] => {
    const mine = pick(ours, key)
    const rows = pick(theirs, key)
    return [
      told(what, mine, 'ms'),
      compared('  rows', rows, { unit: 'ms', ours: median(mine) }),
      atLeast('  times faster than rows', ratios(mine, rows), { unit: 'x', least }),
    ]
  }
  return [
    ...times('1M samples as batches', 'batchesMs', 8),
    ...times('1M samples one by one', 'singlesMs', 3),
    ...times('averages of 60 s over a day, 100 series', 'averagesMs', 6),
    promised('page of 1,000 at offset 900,000', pick(ours, 'offsetMs'), { unit: 'ms', floor: 5 }),
    promised(
      'most memory while streaming',
      ours.map(({ peakMb }) => peakMb),
      { unit: 'MB', floor: 150 },
    ),
    told('retention of the newer half', kept[0] ?? [], 'ms'),
    atLeast('  times faster than deleting rows', ratios(kept[0] ?? [], kept[1] ?? []), {
      unit: 'x',
      least: 30,
    }),
  ]
}

async function onPostgres(): Promise<readonly BenchRow[]> {
  await using server = await PostgresServer.start()
  const url = await server.database('metrics')
  await work(url, { what: 'record', data: 'B' })
  const ours = await work(url, { what: 'read', data: 'B' })
  const rows = await postgresRows(server, 'metrics')
  const streamMs = ours.numbers.batchesMs ?? Number.NaN
  return [
    told('PostgreSQL: 1M samples as batches', [streamMs], 'ms'),
    atLeast('  times faster than rows', [rows.streamMs / streamMs], { unit: 'x', least: 10 }),
    told('  bytes a sample', [rows.blockBytes / million], 'B'),
    atLeast('  times smaller than rows', [rows.rowBytes / rows.blockBytes], { unit: 'x', least: 40 }),
  ]
}

export async function run(): Promise<BenchResult> {
  using folder = new TemporaryFolder()
  const places = new Places(folder.path)
  return {
    title: 'Metrics, against rows in SQLite',
    runs,
    rows: [...(await ingest(places)), ...(await reading(places)), ...(await onPostgres())],
    notes: [
      'A: 10 names of 100 series; B: 1 name of 100 series, 10 s apart',
      'every commit is on disk: synchronous = full, for rows too',
    ],
  }
}
