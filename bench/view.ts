/**
 * What the live view costs: 1,000 tasks with 5 updates each, 50 at once, drawn ten times a second for six seconds. The
 * six seconds pass on a clock of our own, so that nothing is measured but the view; a fresh process for each run, so
 * that nothing is warm.
 */
import { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../src/clock.ts'
import { openView, type View } from '../src/report/report.ts'
import type { DeployEvent, RunMessage, TaskReport } from '../src/spine.ts'
import { type BenchResult, measure, promised } from './measure.ts'

export const name = 'view'
const runs = 5
const tasks = 1_000
const atOnce = 50
const stepMs = 60

export type ViewCost = {
  readonly cpuMs: number
  /** The longest time for which the view held the event loop, in milliseconds. */
  readonly longestMs: number
  readonly bytes: number
  readonly frames: number
}

/** One run of it in this process. */
export async function measureView(): Promise<ViewCost> {
  let bytes = 0
  let frames = 0
  let longestMs = 0
  const timed = <Value>(work: () => Value): Value => {
    const startMs = performance.now()
    const value = work()
    longestMs = Math.max(longestMs, performance.now() - startMs)
    return value
  }
  const screen = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length
      frames += 1
      done()
    },
  })
  const stdout = Object.assign(screen, { isTTY: true, columns: 120, rows: 40 })
  const clock = handClock()
  const before = process.cpuUsage()
  await using view: View = openView({
    json: false,
    stdout,
    stderr: stdout,
    clock,
    variables: { TERM: 'xterm-256color' },
    progress: true,
  })
  for (const { atMs, message } of messages()) {
    clock.advanceTo(atMs, timed)
    await timed(() => view.show(message))
  }
  const { user, system } = process.cpuUsage(before)
  return { cpuMs: (user + system) / 1_000, longestMs, bytes, frames }
}

/** A clock that goes on when told, and calls back what is due. */
function handClock(): Clock & { advanceTo(atMs: number, timed: (work: () => void) => void): void } {
  let nowMs = 0
  let ticker: { readonly ms: number; readonly callback: () => void; dueMs: number } | undefined
  return {
    now: () => nowMs,
    monotonic: () => nowMs,
    uptime: () => nowMs,
    sleep: async () => undefined,
    every: (ms, callback) => {
      ticker = { ms, callback, dueMs: nowMs + ms }
      return { [Symbol.dispose]: () => (ticker = undefined) }
    },
    advanceTo: (atMs, timed) => {
      while (ticker && ticker.dueMs <= atMs) {
        nowMs = ticker.dueMs
        ticker.dueMs += ticker.ms
        timed(ticker.callback)
      }
      nowMs = atMs
    },
  }
}

type Timed = { readonly atMs: number; readonly message: RunMessage }

function* messages(): Generator<Timed> {
  const names = Array.from({ length: tasks }, (_, index) => `task-${index}`)
  const gib = 2 ** 30
  yield of(0, {
    type: 'run-started',
    plan: 'large',
    version: '1',
    environment: null,
    tasks: names,
    capacityBytes: 8 * gib,
    loadLineBytes: 6.8 * gib,
  })
  for (let first = 0; first < tasks; first += atOnce) {
    for (let step = 0; step < 5; step += 1) {
      const atMs = (first / atOnce) * 5 * stepMs + step * stepMs
      for (const [index, task] of names.slice(first, first + atOnce).entries())
        yield of(atMs + index / atOnce, updateOf(task, step))
    }
  }
}

function updateOf(task: string, step: number): Update {
  const phase = 'deploy'
  const at = { phase, task, attempt: 1 } as const
  switch (step) {
    case 0:
      return {
        type: 'task-waiting',
        phase,
        task,
        reason: 'memory',
        message: 'waiting for memory: needs 8 MiB',
      }
    case 1:
      return { type: 'task-started', phase, task, reservedBytes: 2 ** 23 }
    case 2:
      return { type: 'attempt-opened', ...at, token: task, kind: 'exec', log: 'runs/1/1.log' }
    case 3:
      return { type: 'memory', ...memory }
    default:
      return { type: 'task-ended', phase, task, report }
  }
}

type Update = DeployEvent extends infer Event
  ? Event extends DeployEvent
    ? Omit<Event, 'runId' | 'atMs'>
    : never
  : never
const of = (atMs: number, update: Update): Timed => ({ atMs, message: { runId: 'run', atMs, ...update } })

const memory = {
  usedBytes: 3e9,
  tasksBytes: 2e9,
  reservedBytes: 2.5e9,
  claimBytes: 5e8,
  loadLineBytes: 6.8e9,
  capacityBytes: 8e9,
}

const report: TaskReport = {
  status: 'succeeded',
  attempts: 1,
  durationMs: 240,
  waitedMs: 60,
  waitReasons: { memory: 60 },
  peakMemoryBytes: { lower: 5e6, upper: 6e6 },
  reservedBytes: 2 ** 23,
  enforcement: 'watchdog',
  suspendedMs: 0,
  requeues: 0,
  cpuMs: 5,
  exitCode: 0,
  outputs: {},
}

export async function run(): Promise<BenchResult> {
  const costs: ViewCost[] = []
  for (let round = 0; round < runs; round += 1) {
    const { stdout } = await measure([process.execPath, fileURLToPath(import.meta.url)])
    costs.push(JSON.parse(stdout) as ViewCost)
  }
  const { bytes = 0, frames = 0 } = costs[0] ?? {}
  return {
    title: `Live view of ${tasks} tasks with 5 updates each, ${atOnce} at once, 120 x 40`,
    runs,
    rows: [
      promised(
        'processor time',
        costs.map(({ cpuMs }) => cpuMs),
        { unit: 'ms', floor: 500 },
      ),
      promised(
        'longest hold of the event loop',
        costs.map(({ longestMs }) => longestMs),
        { unit: 'ms', floor: 10 },
      ),
    ],
    notes: [`${frames} writes, ${bytes} bytes`],
  }
}

if (import.meta.main) console.log(JSON.stringify(await measureView()))
