/** How long a person waits before anything happens: `--help`, and `plan` of a plan with 1,000 tasks. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BenchResult, measure, promised, root, TemporaryFolder } from './measure.ts'

export const name = 'startup'
const runs = 11

/** Ten layers of a hundred tasks; each needs three of the layer before. */
export function largePlan(tasks: number): string {
  const width = 100
  const lines = ['name: large', 'tasks:']
  for (let index = 0; index < tasks; index += 1) {
    const row = index - (index % width)
    const needs = [0, 1, 7].map((step) => `t${row - width + ((index + step) % width)}`)
    lines.push(
      `  t${index}: { exec: [/bin/true], memory: 8MiB${row > 0 ? `, needs: [${needs.join(', ')}]` : ''} }`,
    )
  }
  return `${lines.join('\n')}\n`
}

async function repeat(words: readonly [string, ...string[]], cwd: string): Promise<readonly number[]> {
  const times: number[] = []
  for (let round = 0; round <= runs; round += 1) times.push((await measure(words, { cwd })).wallMs)
  return times.slice(1)
}

export async function run(): Promise<BenchResult> {
  using folder = new TemporaryFolder()
  writeFileSync(join(folder.path, 'plimsoll.yaml'), largePlan(1_000))
  await measure([process.execPath, 'scripts/build.ts'])
  const packed = join(root, 'dist/cli/main.js')
  const source = join(root, 'src/cli/main.ts')
  const node = process.execPath
  return {
    title: 'Start-up, wall time',
    runs,
    rows: [
      promised('plimsoll --help', await repeat([node, packed, '--help'], folder.path), {
        unit: 'ms',
        floor: 150,
      }),
      promised('the same from source', await repeat([node, source, '--help'], folder.path), {
        unit: 'ms',
        floor: 150,
      }),
      promised('plimsoll plan, 1,000 tasks', await repeat([node, packed, 'plan'], folder.path), {
        unit: 'ms',
        floor: 800,
      }),
      promised('the same from source', await repeat([node, source, 'plan'], folder.path), {
        unit: 'ms',
        floor: 800,
      }),
    ],
    notes: ['one run before them is not counted: it fills the file cache'],
  }
}
