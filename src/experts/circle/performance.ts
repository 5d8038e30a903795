import type { Purse } from './purse.ts'
import type { FairShare } from './share.ts'
import type { AnswerStatus, ExpertAnswer } from './words.ts'

export type ExpertPerformance = {
  readonly expert: string
  readonly answers: Readonly<Record<AnswerStatus, number>>
  /** Attempts beyond the first. */
  readonly retries: number
  readonly inputTokens: number
  readonly outputTokens: number
  /** Null when a price is missing. */
  readonly costUsd: number | null
  /** Of the last 1,000 answers; null without any. */
  readonly durationMs: { readonly p50: number; readonly p95: number; readonly max: number } | null
  readonly firstTextMs: { readonly p50: number; readonly p95: number } | null
}

export type PerformanceReport = {
  readonly queries: {
    readonly running: number
    /** The most that ever ran at once. */
    readonly peakRunning: number
    readonly waiting: number
    readonly ended: number
    readonly failed: number
    /** Of all together. */
    readonly waitedMs: number
    readonly endedEarly: number
  }
  readonly memory: {
    readonly budgetBytes: number
    /** Set aside for streams at this moment, and at most. */
    readonly reservedBytes: number
    readonly peakReservedBytes: number
    /** What one stream really held at most. */
    readonly peakHeldByStreamBytes: number
  }
  readonly spending: { readonly spentUsd: number; readonly limitUsd: number | null }
  readonly experts: readonly ExpertPerformance[]
}

const mostTimes = 1_000

type Tally = {
  readonly answers: Record<AnswerStatus, number>
  retries: number
  inputTokens: number
  outputTokens: number
  costUsd: number | null
  /** Rings of `mostTimes`. */
  readonly durations: number[]
  readonly firstTexts: number[]
}

/** What all experts share. */
type Shared = { readonly turns: FairShare; readonly memory: FairShare; readonly purse: Purse }

/** One tally for each expert of the circle. */
export class Performance {
  readonly #tallies = new Map<string, Tally>()
  queriesEnded = 0
  queriesFailed = 0
  endedEarly = 0
  waitedMs = 0
  peakHeldBytes = 0

  note({ expert, status, attempts, usage, durationMs, firstTextMs }: ExpertAnswer): void {
    const tally = this.#tallyOf(expert)
    tally.answers[status] += 1
    tally.retries += Math.max(attempts - 1, 0)
    tally.inputTokens += usage.inputTokens
    tally.outputTokens += usage.outputTokens
    tally.costUsd = tally.costUsd === null || usage.costUsd === null ? null : tally.costUsd + usage.costUsd
    keep(tally.durations, durationMs)
    if (firstTextMs !== null) keep(tally.firstTexts, firstTextMs)
  }

  report({ turns, memory, purse }: Shared): PerformanceReport {
    return {
      queries: {
        ...{ running: turns.taken, peakRunning: turns.peak, waiting: turns.waiting },
        ...{ ended: this.queriesEnded, failed: this.queriesFailed },
        ...{ waitedMs: this.waitedMs, endedEarly: this.endedEarly },
      },
      memory: {
        ...{ budgetBytes: memory.capacity, reservedBytes: memory.taken, peakReservedBytes: memory.peak },
        peakHeldByStreamBytes: this.peakHeldBytes,
      },
      spending: { spentUsd: purse.spentUsd, limitUsd: purse.limitUsd },
      experts: this.#experts,
    }
  }

  get #experts(): readonly ExpertPerformance[] {
    return [...this.#tallies].map(([expert, { durations, firstTexts, ...tally }]) => ({
      ...{ expert, ...tally, answers: { ...tally.answers } },
      durationMs: durations.length === 0 ? null : { ...sharesOf(durations), max: Math.max(...durations) },
      firstTextMs: firstTexts.length === 0 ? null : sharesOf(firstTexts),
    }))
  }

  #tallyOf(expert: string): Tally {
    const known = this.#tallies.get(expert)
    if (known !== undefined) return known
    const answers = { complete: 0, cut: 0, malformed: 0, failed: 0, cancelled: 0 }
    const numbers = { retries: 0, inputTokens: 0, outputTokens: 0, costUsd: 0 }
    const tally: Tally = { answers, ...numbers, durations: [], firstTexts: [] }
    this.#tallies.set(expert, tally)
    return tally
  }
}

function keep(times: number[], ms: number): void {
  if (times.length >= mostTimes) times.shift()
  times.push(ms)
}

function sharesOf(times: readonly number[]): { readonly p50: number; readonly p95: number } {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? 0
  return { p50: at(0.5), p95: at(0.95) }
}
