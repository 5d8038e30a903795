/** What every benchmark here returns, and the few measurements that they share. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export type BenchRow = {
  readonly name: string
  /** The median of the runs, in `unit`. */
  readonly median: number
  readonly unit: string
  /** How many times ours it is; null for ours and where nothing is compared. */
  readonly ratio?: number | null
  /** Ours must not be above this; null where nothing was promised. */
  readonly floor?: number | null
  /** False when the floor was missed. */
  readonly ok: boolean
}

export type BenchResult = {
  readonly title: string
  /** How many times each row was measured; the rows are medians. */
  readonly runs: number
  readonly rows: readonly BenchRow[]
  /** What was left out and why, on which machine, and the like. */
  readonly notes?: readonly string[]
}

export type Bench = { readonly name: string; readonly run: () => Promise<BenchResult> }

export const root = fileURLToPath(new URL('..', import.meta.url))

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** A row of ours that was promised to stay at or below `floor`. */
export function promised(name: string, values: readonly number[], { unit, floor }: { unit: string; floor: number }): BenchRow {
  const value = median(values)
  return { name, median: value, unit, floor, ok: value <= floor }
}

/** A row to compare with: `ours` is the median of ours. */
export function compared(name: string, values: readonly number[], { unit, ours }: { unit: string; ours: number }): BenchRow {
  const value = median(values)
  return { name, median: value, unit, ratio: value / ours, ok: true }
}

export class TemporaryFolder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'))
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

export type Ran = {
  readonly wallMs: number
  /** The greatest resident set of the process itself, in bytes; 0 where the system does not tell. */
  readonly peakBytes: number
  readonly stdout: string
}

type RunOptions = {
  readonly cwd?: string
  readonly variables?: NodeJS.ProcessEnv
  /** Whose peak is wanted: the process itself, or the one of its children whose command line contains this text. */
  readonly watch?: string
}

/** Runs a command to its end. @throws when it fails, with what it said. */
export async function run(words: readonly [string, ...string[]], options: RunOptions = {}): Promise<Ran> {
  const [command, ...rest] = words
  const startMs = performance.now()
  const child = spawn(command, rest, {
    cwd: options.cwd ?? root,
    env: { ...process.env, ...options.variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const peak = watchPeak(child, options.watch)
  const texts = Promise.all([textOf(child.stdout), textOf(child.stderr)])
  const [exitCode] = await once(child, 'close')
  const wallMs = performance.now() - startMs
  const [stdout, stderr] = await texts
  if (exitCode !== 0) throw new Error(`${words.join(' ')} ended with ${exitCode}\n${stdout.slice(-2000)}${stderr.slice(-2000)}`)
  return { wallMs, peakBytes: peak(), stdout }
}

/** The last MiB of it. */
async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const chunk of stream) text = (text + chunk.toString()).slice(-(2 ** 20))
  return text
}

/** VmHWM never falls, so that looking ten times a second misses only what the last tenth of a second added. */
function watchPeak(child: ChildProcess, watch: string | undefined): () => number {
  let peakBytes = 0
  let pid = watch === undefined ? child.pid : undefined
  const timer = setInterval(() => {
    pid ??= watch === undefined ? undefined : processNamed(watch)
    if (pid !== undefined) peakBytes = Math.max(peakBytes, peakOf(pid))
  }, 100)
  return () => {
    clearInterval(timer)
    return peakBytes
  }
}

function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

/** The Node.js process whose command line contains `text`. */
function processNamed(text: string): number | undefined {
  for (const file of globSync('/proc/[0-9]*/cmdline')) {
    try {
      const words = readFileSync(file, 'utf8').split('\0')
      if (/(?:^|\/)node$/.test(words[0] ?? '') && words.includes(text)) return Number(file.split('/')[2])
    } catch {
      // It has ended meanwhile.
    }
  }
  return undefined
}
