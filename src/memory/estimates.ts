/**
 * What a task will need, learned from what it and its like have needed. The ground, best first: earlier peaks of the
 * same task with the same work, what the plan declares, peaks of tasks of the same kind and executable, a guess.
 */
import type { MemoryEstimate } from '../spine.ts'
import { PeakHistogram } from './peak-histogram.ts'
import type { MemoryProfile } from './profile.ts'

/** One measured end of a task. */
export type PeakRecord = {
  /** Names plan, task and its work: a task whose command has changed starts anew. */
  readonly key: string
  /** Kind and executable: tasks that are alike. */
  readonly group: string
  /** When it ended, in milliseconds since 1970. */
  readonly atMs: number
  readonly profile: MemoryProfile
}

/** What is known of a task apart from history. */
export type EstimatedTask = {
  readonly key: string
  readonly group: string
  /** Declared in the plan, or null. */
  readonly expectBytes: number | null
  readonly limitBytes: number
  /** What is reserved when nothing at all is known. */
  readonly guessBytes: number
}

/** What has been seen of a task that runs. */
export type Seen = {
  readonly peakBytes: number
  /** Running time, suspended time left out, in milliseconds. */
  readonly activeMs: number
  /** For how long of it the task has not grown, in milliseconds. */
  readonly flatMs: number
}

/** `bytes` is the greatest use expected. */
export type Estimate = MemoryEstimate & {
  /** How the use develops up to `bytes`; null where only the peak can be told. */
  readonly profile: MemoryProfile | null
}

/** The newest records of one task that count. */
export const recordsPerTask = 8
/** A record counts half after this time. */
const halfLifeMs = 14 * 24 * 3_600_000
/** Older than this all count alike: a weight that vanishes could not be compared any more. */
const mostHalves = 30
/** The share of earlier runs of a task that its estimate covers. */
const ownShare = 0.9
/** Of a group the middle: its tasks differ, and what is wrong with one is right with another. The guard stands behind. */
const groupShare = 0.5
/** A group is asked once so many peaks of it are known. */
const fewestOfGroup = 3
/** Above what history says: 10 % after one run, 5 % after two, 3 % after eight. */
const marginAfter = (runs: number): number => 1.03 + 0.07 / runs ** 2
/** A task that uses all it was expected to, but for a hundredth, may still need this much more. */
const reachedFactor = 1.01
const growthFactor = 1.05
/** One of which nothing is known, likewise. */
const unknownGrowthFactor = 1.25
/** After an end for want of memory at least so much more is reserved; the autoscaler of Kubernetes takes 1.2. */
export const raiseFactor = 1.25
/** A task without a history that has not grown for a fifth of its time, and 120 ms at least, has grown up. */
const flatShare = 0.2
const shortestFlatMs = 120
const grownUpFactor = 1.02

type Run = { readonly atMs: number; readonly peakBytes: number; readonly durationMs: number }

type History = {
  /** The newest last. */
  readonly runs: Run[]
  /** How the use developed in the newest run; those of older ones are let go. */
  profile: MemoryProfile
  /** Worked out when it is asked for: of a large history few tasks are in the plan. */
  known: Estimate | null
}

export class Estimates {
  readonly #nowMs: number
  /** By key; as many as tasks were ever recorded and kept by the journal. */
  readonly #histories = new Map<string, History>()
  /** By group: the peaks of its tasks; the buckets bound it. */
  readonly #groups = new Map<string, PeakHistogram>()
  /** By key: what a task is known to exceed, until it has ended well. */
  readonly #raised = new Map<string, number>()

  constructor(records: Iterable<PeakRecord> = [], nowMs = 0) {
    this.#nowMs = nowMs
    for (const record of [...records].sort((left, right) => left.atMs - right.atMs)) this.learn(record)
  }

  /** The need of a task that is to start, or of one that runs and of which this much was seen. */
  estimate(task: EstimatedTask, seen: Seen | null = null): Estimate {
    const peakBytes = seen?.peakBytes ?? 0
    const known = this.#known(task, peakBytes)
    const isLearned = known.source === 'history' || known.source === 'declared'
    const raisedBytes = this.#raised.get(task.key) ?? 0
    const hasReached = peakBytes * reachedFactor >= known.bytes
    const grown = hasReached ? peakBytes * (isLearned ? growthFactor : 1) : 0
    const expected = Math.max(known.bytes, grown, raisedBytes)
    const bytes = !isLearned && seen !== null && hasGrownUp(seen) ? peakBytes * grownUpFactor : expected
    // A task that needs more than was learned does not develop as was learned either.
    const profile = bytes > known.bytes ? null : known.profile
    return { ...known, profile, bytes: Math.ceil(Math.min(bytes, Math.max(task.limitBytes, peakBytes))) }
  }

  /** How long the task ran, suspended time left out: the median of its records. Null for one without. */
  durationMs(key: string): number | null {
    const runs = this.#histories.get(key)?.runs ?? []
    const sorted = runs.map((run) => run.durationMs).sort((left, right) => left - right)
    return sorted[Math.floor((sorted.length - 1) / 2)] ?? null
  }

  /** A task has ended well, and this is what it needed. */
  learn(record: PeakRecord): void {
    const { key, group, atMs, profile } = record
    const { peakBytes, durationMs } = profile
    const runs = this.#histories.get(key)?.runs ?? []
    runs.push({ atMs, peakBytes, durationMs })
    if (runs.length > recordsPerTask) runs.shift()
    this.#histories.set(key, { runs, profile, known: null })
    this.#raised.delete(key)
    const peers = this.#groups.get(group) ?? new PeakHistogram()
    peers.add(peakBytes, this.#weightOf(record))
    this.#groups.set(group, peers)
  }

  /** A task was stopped or killed for want of memory when it used this much: it needs more. */
  raise(key: string, observedBytes: number): void {
    this.#raised.set(key, Math.max(this.#raised.get(key) ?? 0, observedBytes * raiseFactor))
  }

  #known(task: EstimatedTask, peakBytes: number): Estimate {
    const history = this.#histories.get(task.key)
    if (history !== undefined) {
      history.known ??= this.#fromHistory(history)
      return history.known
    }
    const { expectBytes, guessBytes } = task
    if (expectBytes !== null)
      return { bytes: expectBytes, source: 'declared', confidence: 0.5, runs: 0, profile: null }
    const peers = this.#groups.get(task.group)
    const above = Math.max(peakBytes, this.#raised.get(task.key) ?? 0)
    if (peers !== undefined && peers.count >= fewestOfGroup) {
      const bytes = peers.quantile(groupShare, above) ?? above * unknownGrowthFactor
      return { bytes, source: 'group', confidence: 0.25, runs: peers.count, profile: null }
    }
    const bytes = Math.max(guessBytes, peakBytes * unknownGrowthFactor)
    return { bytes, source: 'guess', confidence: 0, runs: 0, profile: null }
  }

  #fromHistory({ runs, profile }: History): Estimate {
    const peaks = new PeakHistogram()
    for (const run of runs) peaks.add(run.peakBytes, this.#weightOf(run))
    const bytes = (peaks.quantile(ownShare) ?? 0) * marginAfter(runs.length)
    const confidence = runs.length / (runs.length + 1)
    return {
      bytes,
      source: 'history',
      confidence,
      runs: runs.length,
      profile: { ...profile, peakBytes: bytes },
    }
  }

  #weightOf({ atMs }: Pick<Run, 'atMs'>): number {
    const halves = Math.max(0, this.#nowMs - atMs) / halfLifeMs
    return 2 ** -Math.min(mostHalves, halves)
  }
}

const hasGrownUp = ({ flatMs, activeMs }: Seen): boolean =>
  flatMs > Math.max(shortestFlatMs, activeMs * flatShare)
