/**
 * Measures the offline expert on labelled logs: `npm run eval -- DIR [--json FILE] [--half 1|2] [--verbose]`. With --half
 * only every other sample counts: rules can be written on one half and measured on the other. DIR holds
 * `labels.jsonl`, a line a sample: `id`, `file` (one path in DIR, or several) or `text`, `cause` (`healthy`: none is
 * right), and `evidence_lines` where known.
 */
import { createReadStream, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { diagnose, type Log } from '../src/experts/experts.ts'
import type { Diagnosis } from '../src/spine.ts'

type Sample = {
  readonly id: string
  readonly file?: string | readonly string[]
  readonly text?: string
  readonly cause: string
  readonly evidence_lines?: readonly string[]
}
type Score = {
  readonly sample: Sample
  readonly diagnosis: Diagnosis
  readonly top1: boolean
  readonly top3: boolean
  /** Null where no lines are labelled. */
  readonly evidence: boolean | null
}
type Row = { total: number; top1: number; top3: number; evidence: number | null; falseOnHealthy: number }

/** A cited line counts when it is this near to a labelled one. */
const nearLines = 3

const { values, positionals } = parseArgs({
  options: { json: { type: 'string' }, half: { type: 'string' }, verbose: { type: 'boolean' } },
  allowPositionals: true,
})
const [dir] = positionals
if (dir === undefined) {
  console.error('usage: npm run eval -- DIR [--json FILE] [--half 1|2] [--verbose]')
  process.exit(2)
}

const samples = readFileSync(join(dir, 'labels.jsonl'), 'utf8')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => JSON.parse(line) as Sample)
  .filter((_, index) => values.half === undefined || index % 2 === Number(values.half) - 1)

const scores: Score[] = []
for (const sample of samples) scores.push(scoreOf(sample, await diagnose({ logs: logsOf(sample) })))

const table = {
  ...rowOf(scores),
  bySource: groups((sample) => sample.id.split('/')[0] ?? ''),
  byCause: groups((sample) => sample.cause),
}
print(table)
if (values.verbose) for (const score of scores) explain(score)
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(table, null, 2)}\n`)

function logsOf({ file, text, id }: Sample): readonly Log[] {
  if (text !== undefined) return [{ name: id, chunks: [Buffer.from(text)] }]
  const files = typeof file === 'string' ? [file] : (file ?? [])
  return files.map((name) => ({ name, chunks: createReadStream(join(dir ?? '', name)) }))
}

function scoreOf(sample: Sample, diagnosis: Diagnosis): Score {
  const named = [diagnosis.cause, ...diagnosis.others.map(({ cause }) => cause)]
  const wanted = sample.cause === 'healthy' ? null : sample.cause
  return {
    sample,
    diagnosis,
    top1: diagnosis.cause === wanted,
    top3: wanted === null ? diagnosis.cause === null : named.slice(0, 3).includes(wanted),
    evidence: sample.evidence_lines ? citesOne(diagnosis, sample.evidence_lines) : null,
  }
}

function citesOne({ cause, evidence }: Diagnosis, ranges: readonly string[]): boolean {
  return (
    cause !== null &&
    evidence.some(({ line }) =>
      ranges.some((range) => {
        const [first = 0, last = first] = range.split('-').map(Number)
        return line !== null && line >= first - nearLines && line <= last + nearLines
      }),
    )
  )
}

function rowOf(some: readonly Score[]): Row {
  const share = (count: number, of: number): number => Math.round((count / of) * 1_000) / 1_000
  const labelled = some.filter(({ evidence }) => evidence !== null)
  return {
    total: some.length,
    top1: share(some.filter(({ top1 }) => top1).length, some.length),
    top3: share(some.filter(({ top3 }) => top3).length, some.length),
    evidence:
      labelled.length === 0
        ? null
        : share(labelled.filter(({ evidence }) => evidence === true).length, labelled.length),
    falseOnHealthy: some.filter(({ sample, top1 }) => sample.cause === 'healthy' && !top1).length,
  }
}

function groups(keyOf: (sample: Sample) => string): Record<string, Row> {
  const grouped = Map.groupBy(scores, ({ sample }) => keyOf(sample))
  return Object.fromEntries([...grouped].toSorted().map(([key, some]) => [key, rowOf(some)]))
}

function print(all: typeof table): void {
  const line = (name: string, { total, top1, top3, evidence, falseOnHealthy }: Row): string =>
    [
      name.padEnd(28),
      `${total}`.padStart(5),
      percent(top1),
      percent(top3),
      percent(evidence),
      `${falseOnHealthy}`.padStart(7),
    ].join('  ')
  console.log(
    `${''.padEnd(28)}  ${['total', 'first', 'top 3', 'lines', 'false+'].map((word) => word.padStart(6)).join('  ')}`,
  )
  console.log(line('all', all))
  for (const [name, row] of Object.entries(all.bySource)) console.log(line(`source ${name}`, row))
  for (const [name, row] of Object.entries(all.byCause)) console.log(line(`cause ${name}`, row))
}

function percent(share: number | null): string {
  return (share === null ? '-' : `${(share * 100).toFixed(1)} %`).padStart(7)
}

function explain({ sample, diagnosis, top1, top3, evidence }: Score): void {
  if (top1 && evidence !== false) return
  console.log(`\n${top1 ? 'LINES' : top3 ? 'TOP 3' : 'WRONG'} ${sample.id}: ${sample.cause} expected`)
  console.log(`  ${diagnosis.cause}: ${diagnosis.explanation}`)
  for (const { line, text } of diagnosis.evidence) console.log(`    ${line}: ${text.slice(0, 160)}`)
  for (const {
    cause,
    evidence: [shown],
  } of diagnosis.others)
    console.log(`  else ${cause}: ${shown?.line}: ${shown?.text.slice(0, 160)}`)
}
