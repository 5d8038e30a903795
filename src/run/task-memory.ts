import type { Ended, ExecutorTask, ParallelExecutor } from '../executor/executor.ts'
import type { PastTask, TaskPeak } from '../journal/journal.ts'
import { type EstimatedTask, type Estimates, raiseFactor } from '../memory/memory.ts'
import type { TaskEnd } from '../runners/runners.ts'
import type { MemoryEstimate, Plan, Task, Work } from '../spine.ts'
import { fingerprintOf } from './fingerprint.ts'

/** A task of which nothing is known counts as this long when tasks are put in order, in milliseconds. */
export const unknownMs = 1_000
/** What the engine itself takes from the machine, in bytes: 40 to 51 MB were seen in `npm run bench -- storm`. */
export const engineBytes = 51_000_000

type Parts = {
  readonly plan: Plan
  readonly executor: Pick<ParallelExecutor, 'carefulGuess'>
  readonly estimates: Estimates
}

/** Joins the tasks of a plan with what is known of their memory. */
export class TaskMemory {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** For the executor. A probe needs nothing. */
  forecast(task: Task, work: Work): Pick<ExecutorTask, 'reserveBytes' | 'estimate' | 'raise'> {
    if (needsNothing(work)) return { reserveBytes: 0 }
    const { estimates } = this.#parts
    const known = estimatedTask(this.#parts, task, work)
    return {
      estimate: (seen) => estimates.estimate(this.#withGuess(known), seen),
      raise: (bytes) => estimates.raise(known.key, bytes),
    }
  }

  /** What is expected of it now, for the report. */
  expected(task: Task, work: Work): MemoryEstimate | null {
    if (needsNothing(work)) return null
    const known = this.#withGuess(estimatedTask(this.#parts, task, work))
    const { bytes, source, confidence, runs } = this.#parts.estimates.estimate(known)
    return { bytes, source, confidence, runs }
  }

  /** How long it will run, in milliseconds: as its recorded attempts, else as its measured ends; null when it is new. */
  expectedMs(task: Task, past: PastTask | undefined): number | null {
    const { plan, estimates } = this.#parts
    return past?.durationMs ?? estimates.durationMs(fingerprintOf(plan, task, task.work).key)
  }

  /**
   * Learns from a task that succeeded and was measured, and from one that ended for want of memory: that one needs more
   * than it had. @returns what is to be remembered, or null.
   */
  learn(task: Task, work: Work, end: TaskEnd, { profile }: Ended, atMs: number): TaskPeak | null {
    const { status, error, peakMemoryBytes } = end.report
    const peakBytes = peakMemoryBytes.upper ?? peakMemoryBytes.lower
    const isWanting = error !== undefined && wantOfMemory.has(error.code)
    if ((status !== 'succeeded' && !isWanting) || profile === null || peakBytes === 0) return null
    const { key, group } = fingerprintOf(this.#parts.plan, task, work)
    const neededBytes = isWanting ? Math.round(peakBytes * raiseFactor) : peakBytes
    const record = { key, group, atMs, profile: { ...profile, peakBytes: neededBytes } }
    this.#parts.estimates.learn(record)
    return { ...record, plan: this.#parts.plan.name, task: task.name }
  }

  #withGuess(known: Omit<EstimatedTask, 'guessBytes'>): EstimatedTask {
    return { ...known, guessBytes: this.#parts.executor.carefulGuess(known.limitBytes) }
  }
}

const wantOfMemory: ReadonlySet<string> = new Set(['TASK_MEMORY_EXCEEDED', 'TASK_KILLED_BY_KERNEL'])

const needsNothing = ({ kind }: Work): boolean => kind === 'http' || kind === 'stop'

function estimatedTask({ plan }: Parts, task: Task, work: Work): Omit<EstimatedTask, 'guessBytes'> {
  const { expectBytes, limitBytes } = task
  return { ...fingerprintOf(plan, task, work), expectBytes, limitBytes }
}
