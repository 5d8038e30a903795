/** Writes samples for a scraper: the text format of Prometheus (0.0.4) and OpenMetrics (1.0). */
import type { ExpositionFormat } from './exposition-read.ts'
import { plainValue } from './value-text.ts'
import type { Labels, Sample } from './words.ts'

export type MetricMeaning = {
  readonly type: 'counter' | 'gauge'
  readonly help: string
}

export type WriteOptions = {
  readonly format: ExpositionFormat
  /** Whether each sample has its time. A scraper that sees none takes the time of its scrape. */
  readonly timestamps: boolean
  /** Of those that are known. Without it a name that ends in `_total` is a counter. */
  readonly meaningOf?: (name: string) => MetricMeaning | undefined
}

export const contentTypes: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** Samples of one name must come together. Texts of some kilobytes, each of whole lines. */
export async function* writeExposition(
  samples: AsyncIterable<Sample> | Iterable<Sample>,
  options: WriteOptions,
): AsyncGenerator<string, void, undefined> {
  let text = ''
  let before: string | undefined
  for await (const sample of samples) {
    if (sample.name !== before) text += headOf(sample.name, options)
    before = sample.name
    text += lineOf(sample, options)
    if (text.length < 16_384) continue
    yield text
    text = ''
  }
  if (options.format === 'openmetrics') text += '# EOF\n'
  if (text !== '') yield text
}

function headOf(name: string, { format, meaningOf }: WriteOptions): string {
  const meaning = meaningOf?.(name)
  const isTotal = name.endsWith('_total')
  const isOpen = format === 'openmetrics'
  const unknown = isOpen ? 'unknown' : 'untyped'
  // OpenMetrics knows a counter by the end of its name, which is no part of the family's name.
  const type = isOpen && meaning?.type === 'counter' && !isTotal ? unknown : meaning?.type
  const family = isOpen && isTotal && type !== 'gauge' ? name.slice(0, -'_total'.length) : name
  const help = meaning === undefined ? '' : `# HELP ${family} ${escaped(meaning.help, isOpen)}\n`
  return `${help}# TYPE ${family} ${type ?? (isTotal ? 'counter' : unknown)}\n`
}

function lineOf({ name, labels, value, timestampMs }: Sample, { format, timestamps }: WriteOptions): string {
  const time = !timestamps ? '' : ` ${format === 'openmetrics' ? timestampMs / 1_000 : timestampMs}`
  return `${name}${labelsText(labels)} ${plainValue(value)}${time}\n`
}

/** `{code="500"}`, or nothing. */
export function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value, true)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const escaped = (text: string, quotes: boolean): string => {
  if (!/[\\\n"]/.test(text)) return text
  const safe = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return quotes ? safe.replaceAll('"', '\\"') : safe
}

/** What a scraper would rather have, by its Accept header. */
export function formatFor(accept: string | undefined): ExpositionFormat {
  const wishes = (accept ?? '').split(',', 50).map((wish) => {
    const [type = '', ...parameters] = wish.split(';').map((part) => part.trim().toLowerCase())
    const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
    return { type, quality: quality === undefined ? 1 : Number(quality) || 0 }
  })
  const qualityOf = (type: string): number =>
    Math.max(0, ...wishes.filter((wish) => wish.type === type).map(({ quality }) => quality))
  const open = qualityOf('application/openmetrics-text')
  return open > 0 && open >= qualityOf('text/plain') ? 'openmetrics' : 'prometheus'
}
