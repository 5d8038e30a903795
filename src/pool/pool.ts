/**
 * Threads and processes for functions. It promises: never more workers than allowed, further jobs wait in order; a
 * worker is used again, and replaced when it has grown, is worn, was stopped or has something left running; one that
 * dies fails its own job and no other; what a job used is measured; once the pool is disposed of nothing is alive,
 * and an idle pool does not keep the engine alive.
 *
 * It does not decide when a job may start for reasons of memory, it does not sandbox (a function may do whatever the
 * engine may), and it does not reset a module between two calls: what a module keeps, the next call in the same
 * worker finds. Processes that a function started are the caller's to find. A limit is held by sampling, so that what
 * grows faster than it is looked at is stopped late.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Crew } from './crew.ts'
import { runInline } from './inline-job.ts'
import { Places } from './place.ts'
import { ProcessHand } from './process-hand.ts'
import { type PoolOptions, type PoolRules, rulesOf } from './rules.ts'
import { ThreadHand } from './thread-hand.ts'
import { mostAhead } from './thread-words.ts'
import type { Job, JobResult, RunOptions } from './words.ts'

export type { PoolOptions } from './rules.ts'
export type {
  Job,
  JobContext,
  JobKind,
  JobResult,
  Measured,
  RunOptions,
  WorkerProcess,
} from './words.ts'

/** Starts nothing before the first job. @throws OPTION_INVALID */
export function openPool(options: PoolOptions = {}): Pool {
  return new Pool(rulesOf(options))
}

export type { Pool }

class Pool implements AsyncDisposable {
  readonly #rules: PoolRules
  readonly #places = new Places()
  readonly #threads: Crew
  readonly #processes: Crew
  /** As many as there are worker processes. */
  readonly #alive = new Set<ProcessHand>()
  #spools = 0
  #ownDir: string | undefined

  constructor(rules: PoolRules) {
    this.#rules = rules
    this.#threads = new Crew({
      rules,
      maxWorkers: rules.maxWorkersThread,
      mostAhead,
      hire: (events) => new ThreadHand(rules, events),
    })
    this.#processes = new Crew({
      rules,
      maxWorkers: rules.maxWorkersProcess,
      mostAhead: 1,
      hire: (events) => {
        const onGone: typeof events.onGone = (hand, unbegun) => {
          this.#alive.delete(hand as ProcessHand)
          events.onGone(hand, unbegun)
        }
        const hand = new ProcessHand(rules, { ...events, onGone }, this.#nextSpool())
        this.#alive.add(hand)
        return hand
      },
    })
    process.on('exit', this.#leaveNothing)
  }

  /**
   * Calls the exported function with `(argument, context)` and answers what it returned and used.
   * @throws CALL_FAILED with what the function threw as cause, CALL_NOT_FOUND, CALL_UNCLONABLE, WORKER_ENDED,
   * TASK_MEMORY_EXCEEDED, TASK_NOT_STARTED, POOL_CLOSED, or the reason of the signal.
   */
  run(job: Job, options: RunOptions = {}): Promise<JobResult> {
    const place = this.#places.placeOf(job, options)
    if (place === 'process') return this.#processes.run(job, options)
    if (place === 'inline') return runInline(job, options, this.#rules)
    return options.kind === 'mixed' ? this.#runMixed(job, options) : this.#threads.run(job, options)
  }

  /** For a process that somebody else starts: waits in line and counts as a worker process until it is given back. */
  takeProcessPlace(signal?: AbortSignal): Promise<Disposable> {
    return this.#processes.takePlace(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#threads[Symbol.asyncDispose](), this.#processes[Symbol.asyncDispose]()])
    process.off('exit', this.#leaveNothing)
    this.#removeOwnDir()
  }

  async #runMixed(job: Job, options: RunOptions): Promise<JobResult> {
    const result = await this.#threads.run(job, options)
    this.#places.learn(job, result)
    return result
  }

  #nextSpool(): string {
    const { spoolDir } = this.#rules
    this.#ownDir ??= spoolDir === null ? mkdtempSync(join(tmpdir(), 'plimsoll-pool-')) : undefined
    this.#spools += 1
    return join(spoolDir ?? this.#ownDir ?? '', `worker-${this.#spools}.spool`)
  }

  /** Whatever ends the engine in an orderly way, its workers end with it. */
  readonly #leaveNothing = (): void => {
    for (const hand of this.#alive) hand.kill()
    this.#removeOwnDir()
  }

  #removeOwnDir(): void {
    if (this.#ownDir !== undefined) rmSync(this.#ownDir, { recursive: true, force: true })
  }
}
