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
  /** Ours must not be below this. */
  readonly least?: number
  /** False when what was promised was missed. */
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

export type BenchPart = { readonly name: string; readonly run: () => Promise<BenchResult> }
/** One of parts prints each when it is known, and runs `NAME:PART` alone. */
export type Bench = BenchPart | { readonly name: string; readonly parts: readonly BenchPart[] }

export const root = fileURLToPath(new URL('..', import.meta.url))

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** A row of ours that was promised to stay at or below `floor`. */
export function promised(
  name: string,
  values: readonly number[],
  { unit, floor }: { unit: string; floor: number },
): BenchRow {
  const value = median(values)
  return { name, median: value, unit, floor, ok: value <= floor }
}

/** A row of ours that was promised to reach `least`. */
export function atLeast(
  name: string,
  values: readonly number[],
  { unit, least }: { unit: string; least: number },
): BenchRow {
  const value = median(values)
  return { name, median: value, unit, least, ok: value >= least }
}

/** A row to compare with: `ours` is the median of ours. */
export function compared(
  name: string,
  values: readonly number[],
  { unit, ours }: { unit: string; ours: number },
): BenchRow {
  const value = median(values)
  return { name, median: value, unit, ratio: value / ours, ok: true }
}

/** A row of ours that was promised to be 0 in every run: the most of any run is shown. */
export function never(name: string, values: readonly number[], unit: string): BenchRow {
  return { name, median: Math.max(...values), unit, floor: 0, ok: values.every((value) => value === 0) }
}

/** A row without a promise. */
export function told(name: string, values: readonly number[], unit: string): BenchRow {
  return { name, median: median(values), unit, ok: true }
}

export class TemporaryFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

export type Ran = {
  readonly wallMs: number
  /** The greatest resident set of the process itself, in bytes; 0 where the system does not tell. */
  readonly peakBytes: number
  /** Processor time of the process itself, user and system, in milliseconds; 0 where the system does not tell. */
  readonly cpuMs: number
  readonly stdout: string
}

type MeasureOptions = {
  readonly cwd?: string
  readonly variables?: NodeJS.ProcessEnv
  /** Whose memory and CPU are wanted: default the process itself, else the Node.js process with this word in its line. */
  readonly watch?: string
}

/** Runs a command to its end. @throws when it fails, with what it said. */
export async function measure(
  words: readonly [string, ...string[]],
  options: MeasureOptions = {},
): Promise<Ran> {
  const [command, ...rest] = words
  const startMs = performance.now()
  const child = spawn(command, rest, {
    cwd: options.cwd ?? root,
    env: { ...process.env, ...options.variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const usage = watchUsage(child, options.watch)
  const texts = Promise.all([textOf(child.stdout), textOf(child.stderr)])
  const [exitCode] = await once(child, 'close')
  const wallMs = performance.now() - startMs
  const used = usage()
  const [stdout, stderr] = await texts
  if (exitCode !== 0) {
    throw new Error(`${words.join(' ')} ended with ${exitCode}\n${stdout.slice(-2000)}${stderr.slice(-2000)}`)
  }
  return { wallMs, ...used, stdout }
}

/** The last MiB of it. */
async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const chunk of stream) text = (text + chunk.toString()).slice(-(2 ** 20))
  return text
}

type Usage = Pick<Ran, 'peakBytes' | 'cpuMs'>

/** Both numbers only grow, so that looking twenty times a second misses only the last twentieth. */
function watchUsage(child: ChildProcess, watch: string | undefined): () => Usage {
  let usage: Usage = { peakBytes: 0, cpuMs: 0 }
  let pid = watch === undefined ? child.pid : undefined
  const timer = setInterval(() => {
    if (watch !== undefined) pid ??= processNamed(watch)
    if (pid !== undefined) usage = usageOf(pid) ?? usage
  }, 50)
  return () => {
    clearInterval(timer)
    return usage
  }
}

/** Linux counts CPU time in hundredths of a second. */
const tickMs = 10

function usageOf(pid: number): Usage | undefined {
  try {
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is a name that may contain anything; what follows its ")" begins with field 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (peak === null) return undefined
    return { peakBytes: Number(peak[1]) * 1024, cpuMs: (Number(fields[11]) + Number(fields[12])) * tickMs }
  } catch {
    return undefined
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
