/** From nothing to a finished demo: clone, `npm ci` with the packages already downloaded, `npm run demo`. */
import { join } from 'node:path'
import { type BenchResult, type BenchRow, measure, root, TemporaryFolder } from './measure.ts'

export const name = 'fresh-clone'
const floorSeconds = 60

export async function run(): Promise<BenchResult> {
  using folder = new TemporaryFolder()
  const clone = join(folder.path, 'plimsoll')
  // What a stranger's shell does not have: the variables of the "npm run" around us.
  const inherited = Object.keys(process.env).filter((key) => key.startsWith('npm_'))
  const variables = Object.fromEntries(inherited.map((key) => [key, undefined]))
  const install = ['npm', 'ci', '--no-audit', '--no-fund'] as const

  const cloned = await measure(['git', 'clone', '--quiet', root, clone], { variables })
  const downloads = await measure([...install], { cwd: clone, variables })
  const installed = await measure([...install, '--prefer-offline'], { cwd: clone, variables })
  const shown = await measure(['npm', 'run', 'demo'], { cwd: clone, variables })

  const row = (title: string, wallMs: number): BenchRow => ({
    name: title,
    median: wallMs / 1000,
    unit: 's',
    ok: true,
  })
  const totalMs = cloned.wallMs + installed.wallMs + shown.wallMs
  return {
    title: 'Fresh clone to finished demo, wall time',
    runs: 1,
    rows: [
      { ...row('all of it', totalMs), floor: floorSeconds, ok: totalMs / 1000 <= floorSeconds },
      row('  git clone', cloned.wallMs),
      row('  npm ci, packages downloaded before', installed.wallMs),
      row('  npm run demo', shown.wallMs),
    ],
    notes: [
      `the first npm ci, with downloads where the cache lacked them: ${(downloads.wallMs / 1000).toFixed(1)} s`,
    ],
  }
}
