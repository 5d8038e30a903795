/**
 * Runs benchmarks by name, or all of them, or one part as NAME:PART, and prints each as a table: medians, how many times ours the others are,
 * and what was promised. Exit code 1 when a promise was missed.
 */
import { globSync, readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { basename } from 'node:path'
import { nearestName } from '../src/nearest.ts'
import { formatSize } from '../src/units.ts'
import { type Bench, type BenchPart, type BenchResult, type BenchRow, root } from './measure.ts'

const notBenches = ['bench.ts', 'contest.ts', 'measure.ts', 'memory-group.ts']
const files = globSync('bench/*.ts', { cwd: root })
  .map((file) => basename(file))
  .filter((file) => !notBenches.includes(file))
const names = files.map((file) => file.replace(/\.ts$/, '')).sort()

const digitsOf = (value: number): number => (value >= 100 ? 0 : value >= 10 ? 1 : 2)

function cellsOf({ name, median, unit, ratio, floor, least, ok }: BenchRow): readonly string[] {
  return [
    name,
    `${median.toFixed(digitsOf(median))} ${unit}`,
    ratio === undefined || ratio === null ? '' : `${ratio.toFixed(2)} x`,
    least !== undefined
      ? `at least ${least} ${unit}`
      : (floor ?? null) === null
        ? ''
        : `at most ${floor} ${unit}`,
    ok ? '' : 'MISSED',
  ]
}

function tableOf({ title, runs, rows, notes = [] }: BenchResult): string {
  const lines = [['', `median of ${runs}`, 'to ours', 'promised', ''], ...rows.map(cellsOf)]
  const widths =
    lines[0]?.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0))) ?? []
  const text = lines.map((cells) =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  )
  return [
    `\n${title}`,
    ...text.map((line) => `  ${line.trimEnd()}`),
    ...notes.map((note) => `  (${note})`),
  ].join('\n')
}

function machine(): string {
  const model = /^model name\s*:\s*(.*)$/m
  const name = cpus()[0]?.model ?? model.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown'
  const load = loadavg()[0]?.toFixed(1)
  return `${cpus().length} x ${name}, ${formatSize(totalmem())}, ${process.platform}, Node.js ${process.versions.node}, load ${load}`
}

const wanted = process.argv.slice(2).length > 0 ? process.argv.slice(2) : names
function refuse(kind: string, name: string, there: readonly string[]): never {
  const near = nearestName(name, there)
  console.error(
    `There is no ${kind} "${name}"${near ? `; did you mean "${near}"?` : ''} There are: ${there.join(', ')}`,
  )
  process.exit(2)
}

/** In the order in which they were asked for. */
async function partsOf(text: string): Promise<readonly BenchPart[]> {
  const [name = '', part] = text.split(':')
  if (!names.includes(name)) refuse('benchmark', name, names)
  const bench: Bench = await import(`./${name}.ts`)
  const parts = 'parts' in bench ? bench.parts : [bench]
  if (part === undefined) return parts
  const found = parts.filter((one) => one.name === part)
  if (found.length === 0)
    refuse(
      'part',
      part,
      parts.map((one) => one.name),
    )
  return found
}

const parts = (await Promise.all(wanted.map(partsOf))).flat()
console.log(machine())
let missed = 0
for (const part of parts) {
  const result = await part.run()
  console.log(tableOf(result))
  missed += result.rows.filter(({ ok }) => !ok).length
}
if (missed > 0) console.log(`\n${missed} promised ${missed === 1 ? 'number was' : 'numbers were'} missed`)
process.exitCode = missed > 0 ? 1 : 0
