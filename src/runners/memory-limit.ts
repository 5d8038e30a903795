import { PlimsollError } from '../errors.ts'
import type { TaskGroup, TaskScope, TreeWatch } from '../memory/memory.ts'
import type { Enforcement } from '../spine.ts'
import { formatDuration, formatSize } from '../units.ts'
import type { Attempt } from './words.ts'

/**
 * Holds one attempt to its memory limit: in a control group by the kernel, else by looking at its process tree and
 * stopping it; and tells an end for want of memory from every other end.
 */
export class MemoryLimit implements AsyncDisposable {
  readonly #attempt: Attempt
  readonly #group: TaskGroup | null
  readonly #scope: TaskScope | null
  /** Whichever there is. */
  readonly #held: TaskGroup | TaskScope | null
  readonly #startMs: number
  readonly #killsBefore: number

  /** @param isRunning nothing of it joins a group any more: it is watched. */
  constructor(attempt: Attempt, isRunning = false) {
    const { task, files, environment } = attempt
    const { limitBytes } = task
    const { groups, kernelKills, clock } = attempt.instruments
    this.#attempt = attempt
    this.#group = isRunning ? null : groups.create(limitBytes)
    const isScoped = !isRunning && this.#group === null
    this.#scope = isScoped ? groups.scope({ limitBytes, record: files.scope, environment }) : null
    this.#held = this.#group ?? this.#scope
    this.#startMs = clock.monotonic()
    this.#killsBefore = kernelKills.count()
  }

  /** Of the group that the command joins before it begins; null where there is none. */
  get joinFile(): string | null {
    return this.#group?.joinFile ?? null
  }

  /** The words to start for a command. */
  wrap(words: readonly string[]): readonly string[] {
    return this.#scope?.wrap(words) ?? words
  }

  /** What was really done: `hard` only when the command was inside its group, or its scope had the limit. */
  get enforcement(): Enforcement {
    if (this.#isHard) return 'hard'
    return this.#attempt.instruments.groups.here.level === 'none' ? 'none' : 'watchdog'
  }

  /** Samples the process tree; over the limit the task is stopped. */
  watch(pid: number): TreeWatch {
    const { task, token, instruments, ending, observe } = this.#attempt
    const onSample = (bytes: number): void => {
      observe(bytes)
      if (this.#isHard) {
        const exceeded = this.#killedAtLimit()
        if (exceeded) ending.because(exceeded)
      } else if (bytes > task.limitBytes) ending.because(this.#exceeded(bytes, 'was stopped'))
    }
    return instruments.watcher.watch(pid, token, onSample, this.#held)
  }

  /** Processes of the attempt that the group knows, whatever they have done to their parents and environment. */
  pids(): readonly number[] {
    return this.#held?.pids() ?? []
  }

  /** The failure for want of memory that explains how the command has ended; null when it was something else. */
  failure(exit: { readonly isFailure: boolean; readonly isKill: boolean }): PlimsollError | null {
    const exceeded = this.#killedAtLimit()
    if (exceeded) return exceeded
    if (exit.isFailure && this.#kernelKills.count > 0) return killedByKernel('here')
    const { kernelKills } = this.#attempt.instruments
    if (this.#isHard || !exit.isKill || kernelKills.where === null) return null
    return kernelKills.count() > this.#killsBefore ? killedByKernel(kernelKills.where) : null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#group?.[Symbol.asyncDispose]()
  }

  get #isHard(): boolean {
    return this.#held?.isUsed === true
  }

  get #kernelKills(): { readonly count: number; readonly atOwnLimit: boolean } {
    return this.#held?.kernelKills() ?? { count: 0, atOwnLimit: false }
  }

  /** Fails the attempt also when only a part of it was killed and the rest went on: it did not fit. */
  #killedAtLimit(): PlimsollError | null {
    if (!this.#kernelKills.atOwnLimit) return null
    const bytes = this.#held?.peak.lower ?? this.#attempt.task.limitBytes
    return this.#exceeded(bytes, 'the kernel killed a process of it')
  }

  #exceeded(bytes: number, what: string): PlimsollError {
    const { task, instruments } = this.#attempt
    const after = formatDuration(Math.round(instruments.clock.monotonic() - this.#startMs))
    // It was stopped at its limit, so that nobody knows how much it would have taken.
    const enough = formatSize(Math.ceil((Math.max(bytes, task.limitBytes) * 3) / 2))
    return new PlimsollError(
      'TASK_MEMORY_EXCEEDED',
      `it used ${formatSize(bytes)} after ${after}, its limit is ${formatSize(task.limitBytes)}, and ${what}`,
      { fix: `Set "memory" of the task to ${enough} or more, or make it use less` },
    )
  }
}

export function killedByKernel(where: 'here' | 'machine'): PlimsollError {
  const message = {
    here: 'the kernel killed a process of it, because the machine or its container was out of memory',
    machine:
      'it was killed by SIGKILL, most likely by the kernel: it killed processes of this machine for want of memory',
  }
  return new PlimsollError('TASK_KILLED_BY_KERNEL', message[where])
}
