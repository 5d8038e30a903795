/**
 * A machine that is only numbers: tasks that grow along a ramp and hold their peak, memory that others take, a kernel
 * that kills the largest task when the limit is passed. The executor, its ledger, its estimates and its guard are the
 * real ones; only the clock, the gauge and the tasks are not.
 */
import { type Ended, type ExecutorTask, ParallelExecutor, WantOfMemory } from '../../src/executor/executor.ts'
import { Estimates, MemoryMonitor, type MemoryReading, type PeakRecord } from '../../src/memory/memory.ts'
import type { TaskControl } from '../../src/spine.ts'
import { FakeClock } from '../fake-clock.ts'

const mebibyte = 2 ** 20

export type SimulatedTask = {
  readonly name: string
  readonly peakBytes: number
  readonly durationMs: number
  /** From the start until the peak is reached. */
  readonly rampMs: number
  readonly needs?: readonly string[]
  /** What is remembered of it from earlier runs: its peak, right or wrong. */
  readonly learnedBytes?: number
  /** From how many runs. Default 1. */
  readonly learnedRuns?: number
}

export type Machine = {
  readonly limitBytes: number
  /** What the engine and others use at a moment, in bytes. */
  readonly otherBytes: (nowMs: number) => number
  readonly maxConcurrentTasks: number
}

type Process = {
  readonly task: SimulatedTask
  activeMs: number
  bytes: number
  suspended: boolean
  end: (error?: Error) => void
}

export type Outcome = {
  readonly wallMs: number
  /** How often the kernel had to kill. */
  readonly kills: number
  readonly requeues: number
  readonly suspensions: number
  readonly mostAtOnce: number
  readonly mostBytes: number
  readonly ended: ReadonlyMap<string, Ended>
  /** What a next run knows. */
  readonly learned: readonly PeakRecord[]
  /** Names in the order of their (last) starts. */
  readonly started: readonly string[]
}

const tickMs = 5
const startBytes = 4 * mebibyte

export async function simulate(tasks: readonly SimulatedTask[], machine: Machine): Promise<Outcome> {
  const clock = new FakeClock()
  const processes = new Set<Process>()
  const usedBytes = (): number =>
    machine.otherBytes(clock.monotonic()) + [...processes].reduce((sum, { bytes }) => sum + bytes, 0)
  const monitor = new (class extends MemoryMonitor {
    override read(): MemoryReading {
      const used = usedBytes()
      const loadLineBytes = machine.limitBytes * 0.85
      const rooms = { roomBytes: loadLineBytes - used, limitRoomBytes: machine.limitBytes - used }
      const level = 'calm' as const
      return {
        capacityBytes: machine.limitBytes,
        nearestLimitBytes: machine.limitBytes,
        usedBytes: used,
        loadLineBytes,
        ...rooms,
        level,
        limits: [],
        missing: [],
      }
    }
  })()
  const estimates = new Estimates(tasks.flatMap(recordOf), 0)
  const learned: PeakRecord[] = []
  const started: string[] = []
  const counts = { kills: 0, suspensions: 0, mostAtOnce: 0, mostBytes: 0 }
  const executor = new ParallelExecutor({ clock, monitor, maxConcurrentTasks: machine.maxConcurrentTasks })

  const executorTask = (task: SimulatedTask): ExecutorTask<void> => {
    const known = { key: task.name, group: 'simulated', expectBytes: null, limitBytes: 2 ** 30 }
    return {
      name: task.name,
      needs: task.needs ?? [],
      expectedMs: task.learnedBytes === undefined ? 1_000 : task.durationMs,
      estimate: (seen) => estimates.estimate({ ...known, guessBytes: executor.carefulGuess() }, seen),
      raise: (bytes) => estimates.raise(task.name, bytes),
      run: (context) => {
        const { promise, resolve, reject } = Promise.withResolvers<void>()
        const end = (error?: Error): void => {
          processes.delete(running)
          context.control(null)
          if (error) reject(error)
          else resolve()
        }
        const running: Process = { task, activeMs: 0, bytes: startBytes, suspended: false, end }
        const control: TaskControl = {
          currentBytes: () => {
            context.observe(running.bytes)
            return running.bytes
          },
          suspend: () => {
            running.suspended = true
            counts.suspensions += 1
          },
          resume: () => {
            running.suspended = false
          },
          evict: () => void clock.sleep(10).then(() => end(new Error('stopped'))),
        }
        processes.add(running)
        started.push(task.name)
        counts.mostAtOnce = Math.max(counts.mostAtOnce, processes.size)
        context.control(control)
        return promise
      },
    }
  }

  using _ticks = clock.every(tickMs, () => {
    for (const process of processes) {
      if (process.suspended) continue
      process.activeMs += tickMs
      process.bytes = useAt(process.task, process.activeMs)
      if (process.activeMs >= process.task.durationMs) process.end()
    }
    counts.mostBytes = Math.max(counts.mostBytes, usedBytes())
    while (usedBytes() > machine.limitBytes && processes.size > 0) {
      const largest = [...processes].reduce((most, one) => (one.bytes > most.bytes ? one : most))
      counts.kills += 1
      largest.end(new WantOfMemory(largest.bytes))
    }
  })
  const done = executor.execute(tasks.map(executorTask), {
    onEvent: (event) => {
      if (event.type !== 'ended' || event.ended.status !== 'succeeded' || event.ended.profile === null) return
      const record = { key: event.task, group: 'simulated', atMs: clock.now(), profile: event.ended.profile }
      estimates.learn(record)
      learned.push(record)
    },
  })
  let ended: ReadonlyMap<string, Ended> | null = null
  void done.then((result) => {
    ended = result
  })
  const longestMs = 60_000 + 20 * tasks.reduce((sum, { durationMs }) => sum + durationMs, 0)
  while (ended === null && clock.monotonic() < longestMs) await clock.pass(100)
  if (ended === null)
    throw new Error(`stuck after ${clock.monotonic()} ms with ${[...processes].map(({ task }) => task.name)}`)
  const all: readonly Ended[] = [...(ended as ReadonlyMap<string, Ended>).values()]
  const requeues = all.reduce((sum, one) => sum + one.requeues, 0)
  return { ...counts, wallMs: clock.monotonic(), requeues, ended, learned, started }
}

function useAt({ peakBytes, rampMs }: SimulatedTask, activeMs: number): number {
  return activeMs >= rampMs ? peakBytes : startBytes + ((peakBytes - startBytes) * activeMs) / rampMs
}

function recordOf(task: SimulatedTask): PeakRecord[] {
  const { learnedBytes, durationMs, rampMs } = task
  if (learnedBytes === undefined) return []
  const twentieths = Array.from({ length: 20 }, (_, index) =>
    Math.ceil((100 * useAt(task, Math.min(rampMs, (durationMs * (index + 1)) / 20))) / task.peakBytes),
  )
  const profile = { durationMs, peakBytes: learnedBytes, twentieths }
  const record = { key: task.name, group: 'simulated', atMs: 0, profile }
  return new Array<PeakRecord>(task.learnedRuns ?? 1).fill(record)
}
