/**
 * The metrics repository beside rows in SQLite that are read through the same API: taking in, disk, streams, averages, pages,
 * retention; the same with blocks and rows in PostgreSQL; and averages beside Prometheus. Each measurement is a process of its
 * own, on the built package. `METRICS_LARGE=10000000` is the size of the large one; `metrics:reading` runs one part.
 */
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { PostgresServer } from '../test/store/postgres-server.ts'
import { builtPrograms } from './built.ts'
import {
  atLeast,
  type BenchPart,
  type BenchRow,
  compared,
  measure,
  median,
  promised,
  TemporaryFolder,
  told,
} from './measure.ts'
import type { DataName } from './metrics/data.ts'
import { ormRates } from './metrics/orms.ts'
import { postgresRows } from './metrics/postgres-rows.ts'
import { prometheusAverages } from './metrics/prometheus.ts'

export const name = 'metrics'

const runs = 3
/** Of what is read and of what is much: seconds each, on machines whose pace changes from one to the next. */
const readingRuns = 5
const muchRuns = 3
const million = 1_000_000
const large = Number(process.env.METRICS_LARGE ?? 10_000_000)

type Numbers = Readonly<Record<string, number>>
type Work = {
  readonly what: string
  readonly data?: DataName
  readonly count?: number
  readonly chunk?: number
}
type Worked = { readonly numbers: Numbers; readonly peakMb: number }

/** The folders and the program of one part. */
class Works {
  readonly #folder: string
  readonly #program: string
  #count = 0

  constructor(folder: string, program: string) {
    this.#folder = folder
    this.#program = program
  }

  /** A new folder, or a copy of one. */
  place(like?: string): string {
    this.#count += 1
    const place = join(this.#folder, String(this.#count))
    if (like === undefined) mkdirSync(place)
    else cpSync(like, place, { recursive: true })
    return place
  }

  async run(place: string, { what, data = 'A', count = million, chunk = 1_000 }: Work): Promise<Worked> {
    const words = [this.#program, what, place, data, String(count), String(chunk)]
    const { stdout, peakBytes } = await measure([process.execPath, ...words])
    return { numbers: JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}'), peakMb: peakBytes / 1e6 }
  }
}

const pick = (all: readonly Worked[], key: string): readonly number[] =>
  all.map(({ numbers }) => numbers[key] ?? Number.NaN)
const ratios = (ours: readonly number[], theirs: readonly number[]): readonly number[] =>
  theirs.map((value, index) => value / (ours[index] ?? Number.NaN))

async function ingest(works: Works): Promise<readonly BenchRow[]> {
  const ours: Worked[] = []
  const small: Worked[] = []
  const rows: Worked[] = []
  const stalls: Worked[] = []
  const whole: Worked[] = []
  for (let run = 0; run < runs; run += 1) {
    ours.push(await works.run(works.place(), { what: 'record' }))
    whole.push(await works.run(works.place(), { what: 'record-all' }))
    small.push(await works.run(works.place(), { what: 'record', count: 300_000, chunk: 100 }))
    rows.push(await works.run(works.place(), { what: 'record-rows', count: 300_000 }))
    stalls.push(await works.run(works.place(), { what: 'stall', count: 400_000 }))
  }
  const perSecond = median(pick(ours, 'perSecond'))
  const orms = await ormRates(works.place(), runs)
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
    told('  of it before the first sample', pick(ours, 'openedMb'), 'MB'),
    told(
      '  with the whole package loaded',
      whole.map(({ peakMb }) => peakMb),
      'MB',
    ),
    promised('event loop kept for at most, 100,000 a second', pick(stalls, 'longestMs'), {
      unit: 'ms',
      floor: 20,
    }),
    told('  by the process itself: processor time of its thread', pick(stalls, 'longestCpuMs'), 'ms'),
    promised(
      'bytes a sample on disk, data A, 1M',
      pick(ours, 'bytes').map((bytes) => bytes / million),
      { unit: 'B', floor: 2.5 },
    ),
  ]
}

async function ingestMuch(works: Works): Promise<readonly BenchRow[]> {
  const ours: Worked[] = []
  for (let run = 0; run < muchRuns; run += 1)
    ours.push(await works.run(works.place(), { what: 'record', count: large }))
  const much = `${large / million}M samples`
  return [
    promised(
      `most memory, ${much}`,
      ours.map(({ peakMb }) => peakMb),
      { unit: 'MB', floor: 150 },
    ),
    promised(
      `bytes a sample on disk, ${much}`,
      pick(ours, 'bytes').map((bytes) => bytes / large),
      { unit: 'B', floor: 2.5 },
    ),
    told(`taken in a second, ${much}`, pick(ours, 'perSecond'), ''),
  ]
}

async function reading(works: Works): Promise<readonly BenchRow[]> {
  const ours: Worked[] = []
  const theirs: Worked[] = []
  const retained: Worked[] = []
  const jittered: Worked[] = []
  const deleted: Worked[] = []
  const blocks = works.place()
  const jitter = works.place()
  const rowsPlace = works.place()
  await works.run(blocks, { what: 'record', data: 'B' })
  await works.run(jitter, { what: 'record', data: 'jitter' })
  await works.run(rowsPlace, { what: 'record-rows', data: 'B' })
  for (let run = 0; run < readingRuns; run += 1) {
    ours.push(await works.run(blocks, { what: 'read', data: 'B' }))
    theirs.push(await works.run(rowsPlace, { what: 'read-rows', data: 'B' }))
    retained.push(await works.run(works.place(blocks), { what: 'retain', data: 'B' }))
    jittered.push(await works.run(works.place(jitter), { what: 'retain', data: 'B' }))
    deleted.push(await works.run(works.place(rowsPlace), { what: 'retain-rows', data: 'B' }))
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
    ...retention(retained, deleted),
    told('  of times that jitter', pick(jittered, 'retainMs'), 'ms'),
  ]
}

const retention = (ours: readonly Worked[], rows: readonly Worked[]): readonly BenchRow[] => {
  const [seenMs, roomMs] = [pick(ours, 'retainMs'), pick(ours, 'roomMs')]
  const rowsMs = pick(rows, 'retainMs')
  return [
    told('retention of the newer half: the older one is not seen any more', seenMs, 'ms'),
    compared('  rows: deleted', rowsMs, { unit: 'ms', ours: median(seenMs) }),
    atLeast('  times faster than deleting rows', ratios(seenMs, rowsMs), { unit: 'x', least: 30 }),
    told('  the first time in a process, of a hundredth', pick(ours, 'firstMs'), 'ms'),
    told('  and its room is given back to the disk', roomMs, 'ms'),
    compared('  rows: deleted, and vacuum', pick(rows, 'roomMs'), { unit: 'ms', ours: median(roomMs) }),
  ]
}

async function onPostgres(works: Works): Promise<readonly BenchRow[]> {
  await using server = await PostgresServer.start()
  const url = await server.database('metrics')
  await works.run(url, { what: 'record', data: 'B' })
  const ours = await works.run(url, { what: 'read', data: 'B' })
  const rows = await postgresRows(server, 'metrics')
  const streamMs = ours.numbers.batchesMs ?? Number.NaN
  return [
    told('1M samples as batches', [streamMs], 'ms'),
    atLeast('  times faster than rows', [rows.streamMs / streamMs], { unit: 'x', least: 10 }),
    told('bytes a sample', [rows.blockBytes / million], 'B'),
    atLeast('  times smaller than rows', [rows.rowBytes / rows.blockBytes], { unit: 'x', least: 40 }),
  ]
}

async function besidePrometheus(works: Works): Promise<readonly BenchRow[]> {
  const place = works.place()
  await works.run(place, { what: 'record', data: 'B', count: 864_000 })
  const before = await works.run(place, { what: 'averages', data: 'B' })
  const theirs = await prometheusAverages()
  const after = await works.run(place, { what: 'averages', data: 'B' })
  const ours = pick([before, after], 'averagesMs')
  const name = 'averages of 60 s over a day, 100 series'
  if (theirs === null) return [told(`${name} (Prometheus cannot be had here)`, ours, 'ms')]
  if (theirs.points !== before.numbers.points)
    throw new Error(
      `Prometheus ${theirs.version} gave ${theirs.points} points, ours ${before.numbers.points}`,
    )
  return [
    promised(name, ours, { unit: 'ms', floor: Math.round(theirs.averagesMs) }),
    compared(`  Prometheus ${theirs.version} over HTTP`, [theirs.averagesMs], {
      unit: 'ms',
      ours: median(ours),
    }),
  ]
}

const samples = 'A: 10 names of 100 series; B: 1 name of 100 series, 10 s apart'
const loaded = 'the built package in a process of its own, of which plimsoll/metrics is loaded'
const synchronous = 'every commit is on disk: synchronous = full, for rows too'

type Measured = { readonly runs: number; readonly notes?: readonly string[] }

const part = (
  name: string,
  title: string,
  rows: (works: Works) => Promise<readonly BenchRow[]>,
  measured: Measured = { runs: 1 },
): BenchPart => ({
  name,
  run: async () => {
    using folder = new TemporaryFolder()
    const works = new Works(
      folder.path,
      await builtPrograms('metrics', ['data', 'rows', 'work'], folder.path),
    )
    return { title: `Metrics: ${title}`, rows: await rows(works), ...measured }
  },
})

export const parts: readonly BenchPart[] = [
  part('ingest', 'taking in', ingest, { runs, notes: [samples, synchronous, loaded] }),
  part('much', 'taking in much', ingestMuch, { runs: muchRuns }),
  part('reading', 'reading and deleting, data B', reading, {
    runs: readingRuns,
    notes: [samples, synchronous],
  }),
  part('prometheus', 'averages beside Prometheus, data B', besidePrometheus),
  part('postgres', 'PostgreSQL, data B', onPostgres),
]
