import { createReadStream } from 'node:fs'
import { systemClock } from '../clock.ts'
import { messageOf, PlimsollError } from '../errors.ts'
import {
  BatchError,
  type BatchOutcome,
  type MetricsRepository,
  type Sample,
  type SampleQuery,
} from '../metrics/metrics.ts'
import { layerOfVariables } from '../plan/plan.ts'
import { writeSteadily } from '../report/report.ts'
import { stopSignals } from './stop-signals.ts'
import { printPieces, writeWholeFile } from './whole-output.ts'
import { changeMetrics, noteMetrics, queryOf, readMetrics, unknownMetric } from './with-metrics.ts'
import type { Call } from './words.ts'

const formats = ['openmetrics', 'prometheus', 'csv', 'jsonl'] as const
type Format = (typeof formats)[number]

const formatOfEnding: Readonly<Record<string, Format>> = {
  csv: 'csv',
  json: 'jsonl',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  prom: 'prometheus',
  txt: 'openmetrics',
  om: 'openmetrics',
}

/** Where PLIMSOLL_CHUNK_SIZE says nothing: an import has no hurry to have its first samples acknowledged. */
const importChunk = 1_000

export const exportMetrics = (call: Call): Promise<number> =>
  readMetrics(call, async (metrics) => {
    const query = queryOf(call)
    const file = call.text('output')
    const format = formatOf(call, file) ?? 'openmetrics'
    const all = await metrics.getMetricNames(query.name ?? '')
    const names = query.name === undefined ? all : all.filter((name) => name === query.name)
    if (query.name !== undefined && names.length === 0) throw await unknownMetric(metrics, query.name)
    const pieces = await textOf(metrics, { query, names, format })
    if (file === undefined) await printPieces(pieces)
    else await writeWholeFile(file, pieces)
    return 0
  })

type What = { readonly query: SampleQuery; readonly names: readonly string[]; readonly format: Format }

async function textOf(
  metrics: MetricsRepository,
  { query, names, format }: What,
): Promise<AsyncIterable<string>> {
  const { jsonLineOf, writeCsvSamples, writeExposition } = await import('../metrics/metrics.ts')
  const samples = samplesOf(metrics, query, names)
  if (format === 'csv') return writeCsvSamples(samples, await labelNames(metrics, query, names))
  if (format !== 'jsonl') return writeExposition(samples, { format, timestamps: true })
  return (async function* () {
    for await (const sample of samples) yield jsonLineOf(sample)
  })()
}

/** Name after name: the formats of Prometheus want those of one name together. */
async function* samplesOf(
  metrics: MetricsRepository,
  query: SampleQuery,
  names: readonly string[],
): AsyncIterable<Sample> {
  for (const name of names) yield* metrics.streamMetrics({ ...query, name })
}

async function labelNames(
  metrics: MetricsRepository,
  query: SampleQuery,
  names: readonly string[],
): Promise<readonly string[]> {
  const labels = new Set<string>()
  for (const name of names)
    for (const set of await metrics.getMetricLabels(name, query))
      for (const label of Object.keys(set)) labels.add(label)
  return [...labels].sort()
}

/** A file, or `-` for standard input. */
export async function importMetrics(call: Call): Promise<number> {
  const file = call.positionals[1]
  if (file === undefined)
    throw new PlimsollError('USAGE', 'metrics import needs a file, or - for standard input')
  const format = formatOf(call, file)
  if (format === undefined)
    throw new PlimsollError('USAGE', `${file}: --format must say what it is: ${formats.join(', ')}`)
  using stop = stopSignals()
  const source = await samplesIn(file, format)
  const { chunkSize = importChunk } = layerOfVariables(process.env).metrics ?? {}
  const outcome = await changeMetrics(call, async (metrics, store) => {
    const note = (detail: string): Promise<void> => noteMetrics(store, 'metrics-import', detail)
    try {
      const done = await metrics.recordMetricsBatch(source, { chunkSize, signal: stop.signal })
      await note(importedText(done))
      return done
    } catch (error) {
      // Where this cannot be written either, the first error says why.
      if (error instanceof BatchError)
        await note(`${error.code}: ${importedText(error.outcome)}`).catch(() => undefined)
      throw error
    }
  })
  const { position, duplicates } = outcome
  await writeSteadily(
    process.stdout,
    call.flag('json')
      ? `${JSON.stringify({ type: 'imported', samples: position, duplicates })}\n`
      : `${importedText(outcome)}\n`,
  )
  return 0
}

const importedText = ({ position, duplicates }: BatchOutcome): string =>
  `${position} samples imported${duplicates > 0 ? `, of which ${duplicates} replaced one of the same time` : ''}`

async function samplesIn(file: string, format: Format): Promise<AsyncIterable<Sample>> {
  const { readCsvSamples, readExposition, readJsonLines } = await import('../metrics/metrics.ts')
  const bytes = bytesOf(file)
  const nowMs = systemClock.now()
  if (format === 'csv') return readCsvSamples(bytes)
  return format === 'jsonl' ? readJsonLines(bytes, { nowMs }) : readExposition(bytes, { format, nowMs })
}

async function* bytesOf(file: string): AsyncIterable<Uint8Array> {
  try {
    yield* file === '-' ? process.stdin : createReadStream(file)
  } catch (cause) {
    throw new PlimsollError('METRIC_TEXT_INVALID', `${file} cannot be read: ${messageOf(cause)}`, {
      cause,
      fix: 'Check the path and its permissions',
    })
  }
}

function formatOf(call: Call, file: string | undefined): Format | undefined {
  const named = call.text('format')
  const format = formats.find((one) => one === named)
  if (named !== undefined && format === undefined)
    throw new PlimsollError('USAGE', `--format is ${JSON.stringify(named)}, expected ${formats.join(', ')}`)
  const ending = /\.(\w+)$/.exec(file ?? '')?.[1]?.toLowerCase() ?? ''
  return format ?? (Object.hasOwn(formatOfEnding, ending) ? formatOfEnding[ending] : undefined)
}
