/**
 * Runs benchmarks by name, or all of them, and prints each as a table: medians, how many times ours the others are,
 * and what was promised. Exit code 1 when a promise was missed.
 */
import { globSync, readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { basename } from 'node:path'
import { nearestName } from '../src/nearest.ts'
import { formatSize } from '../src/units.ts'
import { type Bench, type BenchResult, type BenchRow, root } from './measure.ts'

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
for (const name of wanted) {
  if (names.includes(name)) continue
  const near = nearestName(name, names)
  console.error(
    `There is no benchmark "${name}"${near ? `; did you mean "${near}"?` : ''} There are: ${names.join(', ')}`,
  )
  process.exit(2)
}

console.log(machine())
let missed = 0
for (const name of wanted) {
  const bench: Bench = await import(`./${name}.ts`)
  const result = await bench.run()
  console.log(tableOf(result))
  missed += result.rows.filter(({ ok }) => !ok).length
}
if (missed > 0) console.log(`\n${missed} promised ${missed === 1 ? 'number was' : 'numbers were'} missed`)
process.exitCode = missed > 0 ? 1 : 0
