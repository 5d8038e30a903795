/** Runs a storm through the real command line, inside a group with 512 MB. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type BenchRow, never, root, told } from '../measure.ts'
import { type MemoryGroup, openMemoryGroup } from '../memory-group.ts'
import { type Eater, taskWords } from './workload.ts'

export const limitBytes = 512 * 2 ** 20

export type Deployed = {
  readonly wallMs: number
  /** What the tasks took by their own account, milliseconds by name: on a busy machine more than they were made for. */
  readonly tookMs: ReadonlyMap<string, number>
  readonly kernelKills: number
  readonly lost: number
  readonly requeues: number
  readonly suspensions: number
  /** Anonymous memory of the engine at its greatest, in bytes. */
  readonly engineBytes: number
  readonly peakBytes: number
}

/** What must not happen, and what it cost. */
export function outcomeRows(runs: readonly Deployed[]): readonly BenchRow[] {
  const of = (pick: (run: Deployed) => number): readonly number[] => runs.map(pick)
  return [
    never(
      'kernel kills, most of any run',
      of(({ kernelKills }) => kernelKills),
      'kills',
    ),
    never(
      'tasks lost, most of any run',
      of(({ lost }) => lost),
      'tasks',
    ),
    told(
      'put back in the queue',
      of(({ requeues }) => requeues),
      'times',
    ),
    told(
      'suspended',
      of(({ suspensions }) => suspensions),
      'times',
    ),
    told(
      'wall',
      of(({ wallMs }) => wallMs / 1_000),
      's',
    ),
  ]
}

/** Writes plan and tasks; writing again changes what the tasks do and leaves their commands as they were. */
export function writePlan(folder: string, tasks: readonly Eater[]): string {
  const words = taskWords(folder, tasks)
  const file = join(folder, 'plimsoll.yaml')
  const lines = [...words].map(([name, list]) => `  ${name}: { exec: ${JSON.stringify(list)} }`)
  writeFileSync(
    file,
    `name: storm\nconcurrency: 10\ndefaults: { retry: { attempts: 1 } }\ntasks:\n${lines.join('\n')}\n`,
  )
  return file
}

export async function deployStorm(
  plan: string,
  during?: (group: MemoryGroup) => Disposable,
): Promise<Deployed> {
  using group = openMemoryGroup('storm', limitBytes)
  if (group === undefined) throw new Error('no memory control group can be made here: run it as root')
  using _other = during?.(group)
  const startMs = performance.now()
  const [command, ...rest] = group.wrap([
    process.execPath,
    join(root, 'dist/cli/main.js'),
    'deploy',
    plan,
    '--json',
  ])
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'ignore'] })
  let engineBytes = 0
  const timer = setInterval(() => {
    engineBytes = Math.max(engineBytes, anonymousBytes(child.pid ?? 0))
  }, 50)
  let last = '{}'
  let suspensions = 0
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('"action":"suspended"')) suspensions += 1
    last = line
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  clearInterval(timer)
  const report = JSON.parse(last) as {
    tasks?: Record<string, { status: string; requeues: number; durationMs: number }>
    durationMs?: number
  }
  const reports = Object.values(report.tasks ?? {})
  return {
    wallMs: performance.now() - startMs,
    tookMs: new Map(Object.entries(report.tasks ?? {}).map(([name, { durationMs }]) => [name, durationMs])),
    kernelKills: group.kernelKills(),
    lost: reports.length === 0 ? Number.NaN : reports.filter(({ status }) => status !== 'succeeded').length,
    requeues: reports.reduce((sum, { requeues }) => sum + requeues, 0),
    suspensions,
    engineBytes,
    peakBytes: group.peakBytes(),
  }
}

function anonymousBytes(pid: number): number {
  try {
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
