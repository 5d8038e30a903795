/**
 * 1,000 tasks that do nothing, at most 10 at once: what the engine adds to a process. Ours is the real command line
 * with journal, peak memory of each task and the live view; beside it, in the same run, what does less.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type BenchResult,
  type BenchRow,
  compared,
  measure,
  median,
  promised,
  type Ran,
  root,
  TemporaryFolder,
} from './measure.ts'

export const name = 'spawn'
const runs = 5
const tasks = 1_000
const atOnce = 10

type Contestant = { readonly name: string; readonly words: readonly [string, ...string[]] }

const isThere = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0

/** A program of its own, so that its memory is its own too. `start` makes a child from the number of the task. */
function nodeProgram(start: string): readonly [string, ...string[]] {
  const program = `
    import { spawn } from 'node:child_process'
    import { openSync, closeSync, mkdtempSync, rmSync } from 'node:fs'
    const folder = mkdtempSync('raw-')
    let next = 0
    const one = () => new Promise((resolve) => {
      const index = next++
      ${start}
    })
    const lane = async () => { while (next < ${tasks}) await one() }
    await Promise.all(Array.from({ length: ${atOnce} }, lane))
    rmSync(folder, { recursive: true })`
  return [process.execPath, '--input-type=module', '--eval', program]
}

const pipes = `
  const child = spawn('/bin/true', [], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.resume(); child.stderr.resume()
  child.on('close', resolve)`

/** What it takes at least to lose neither output nor exit code when the parent dies. */
const shim = `
  const file = openSync(folder + '/' + index, 'w', 0o600)
  const keep = '"$@"; echo $? > "$0.tmp"; mv "$0.tmp" "$0"'
  const child = spawn('/bin/sh', ['-c', keep, folder + '/exit' + index, '/bin/true'], { stdio: ['ignore', file, file] })
  closeSync(file)
  child.on('exit', resolve)`

const execaFile = join(root, 'node_modules/execa/index.js')
const execa = `import(${JSON.stringify(execaFile)}).then(({ execa }) => execa('/bin/true')).then(resolve)`

function peers(): { readonly contestants: readonly Contestant[]; readonly absent: readonly string[] } {
  const all: readonly (Contestant & { readonly there: boolean })[] = [
    { name: 'raw spawn, pipes', words: nodeProgram(pipes), there: true },
    { name: 'raw spawn, file and sh shim', words: nodeProgram(shim), there: true },
    { name: 'execa', words: nodeProgram(execa), there: existsSync(execaFile) },
    {
      name: 'xargs -P',
      words: ['sh', '-c', `seq ${tasks} | xargs -n 1 -P ${atOnce} /bin/true`],
      there: isThere('xargs'),
    },
    {
      name: 'GNU parallel',
      words: ['sh', '-c', `seq ${tasks} | parallel -j ${atOnce} /bin/true {}`],
      there: isThere('parallel'),
    },
  ]
  return {
    contestants: all.filter(({ there }) => there),
    absent: all.filter(({ there }) => !there).map((peer) => `${peer.name} is not installed here`),
  }
}

/** `script` of util-linux gives a command a terminal; without it the engine prints plain lines. */
const hasTerminal =
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false

function ours(folder: string): readonly [string, ...string[]] {
  const plan = join(folder, 'plimsoll.yaml')
  const lines = Array.from({ length: tasks }, (_, index) => `  t${index}: { exec: [/bin/true] }`)
  writeFileSync(plan, `name: spawn\nconcurrency: ${atOnce}\ntasks:\n${lines.join('\n')}\n`)
  const words = [process.execPath, join(root, 'dist/cli/main.js'), 'deploy', plan] as const
  if (!hasTerminal) return [...words]
  return [
    'script',
    '--quiet',
    '--return',
    '--command',
    `stty cols 120 rows 40; exec ${words.join(' ')}`,
    '/dev/null',
  ]
}

export async function run(): Promise<BenchResult> {
  await measure([process.execPath, 'scripts/build.ts'])
  using folder = new TemporaryFolder()
  const { contestants, absent } = peers()
  const own: Ran[] = []
  const others = new Map<string, number[]>(contestants.map((peer) => [peer.name, []]))
  const words = ours(folder.path)
  // In turns, so that a busy moment of the machine does not hit one of them only.
  for (let round = 0; round < runs; round += 1) {
    own.push(
      await measure(words, {
        cwd: folder.path,
        variables: { CI: '' },
        watch: join(folder.path, 'plimsoll.yaml'),
      }),
    )
    for (const peer of contestants) {
      others.get(peer.name)?.push((await measure(peer.words, { cwd: folder.path })).wallMs / tasks)
    }
  }
  const wallMs = own.map((ran) => ran.wallMs / tasks)
  const rows: readonly BenchRow[] = [
    promised('plimsoll deploy, wall per task', wallMs, { unit: 'ms', floor: 8 }),
    promised(
      '  greatest resident set',
      own.map((ran) => ran.peakBytes / 1e6),
      { unit: 'MB', floor: 120 },
    ),
    {
      name: '  CPU of the engine per task',
      median: median(own.map((ran) => ran.cpuMs / tasks)),
      unit: 'ms',
      ok: true,
    },
    ...[...others].map(([peer, values]) => compared(peer, values, { unit: 'ms', ours: median(wallMs) })),
  ]
  const view = hasTerminal
    ? 'the live view drew in a pseudo terminal'
    : 'no "script" of util-linux here: plain lines'
  return { title: `${tasks} x /bin/true, ${atOnce} at once`, runs, rows, notes: [view, ...absent] }
}
