import { PlimsollError } from '../errors.ts'
import type { Journal } from '../journal/journal.ts'
import type { Redactor } from '../redact/redact.ts'
import type { TaskEvent } from '../runners/runners.ts'
import type { DeployEvent, Phase, Report, RunMessage } from '../spine.ts'
import type { RunParts } from './words.ts'

type TellingParts = Pick<RunParts, 'runId' | 'clock' | 'journal' | 'signal' | 'killSignal' | 'onEvent'> & {
  /** Called in the turn in which something is recorded: what it writes joins the same commit. */
  readonly beforeWriting: () => void
  /** What may be kept of a value: every text in it without secrets. */
  readonly kept: Redactor['kept']
}

/**
 * What is told of a run: recorded first, then shown. When either fails, the first failure is kept as the `fault` and
 * the run is stopped; nothing new begins, and what was begun is brought to its end and shown to its end.
 */
export class Telling {
  readonly #parts: TellingParts
  readonly #broken = new AbortController()
  #records = true
  #phase: Phase = 'deploy'
  #ended = false

  constructor(parts: TellingParts) {
    this.#parts = parts
  }

  /** Aborts when what happens cannot be recorded or shown any more; its reason is the fault. */
  get broken(): AbortSignal {
    return this.#broken.signal
  }

  /** Why the run cannot be told any more; undefined while all is well. */
  get fault(): unknown {
    return this.broken.aborted ? this.broken.reason : undefined
  }

  /** @throws the fault, when the event says that something begins that must not begin any more. Nothing else. */
  async emit(event: TaskEvent): Promise<void> {
    const { runId, clock } = this.#parts
    if (event.type === 'undo-started') this.#phase = 'undo'
    const kept = quotes(event) ? this.#parts.kept(event) : event
    const told = { ...(kept instanceof Promise ? await kept : kept), runId, atMs: clock.now() }
    if (this.#records) this.#records = await this.#write((journal) => journal.record(told))
    await this.#show(told)
    if (this.broken.aborted && begins(event)) throw this.fault
  }

  /**
   * The last that is told. Recorded also after a fault: perhaps there is room again. `make` is asked once more when
   * that fails, so that the report which is shown knows of it.
   */
  async end(make: () => Report): Promise<Report> {
    const report = await this.#parts.kept(make())
    const recorded = await this.#write((journal) => journal.closeRun(report))
    const shown = recorded ? report : await this.#parts.kept(make())
    const last = this.#show(shown)
    this.#ended = true
    await last
    return shown
  }

  /** Says that the run is being stopped, once for each signal. */
  tellStops(): Disposable {
    const { signal, killSignal } = this.#parts
    const tell = (how: 'gently' | 'at once', { reason }: AbortSignal): void => {
      const why = reason instanceof PlimsollError ? { because: reason.message } : {}
      void this.emit({ type: 'stopping', phase: this.#phase, how, ...why })
    }
    const gently = (): void => tell('gently', signal)
    const atOnce = (): void => tell('at once', killSignal)
    signal.addEventListener('abort', gently, { once: true })
    killSignal.addEventListener('abort', atOnce, { once: true })
    return {
      [Symbol.dispose]: () => {
        signal.removeEventListener('abort', gently)
        killSignal.removeEventListener('abort', atOnce)
      },
    }
  }

  /** For the eye; not recorded. */
  async showMemory(now: Omit<Extract<DeployEvent, { type: 'memory' }>, 'runId' | 'atMs'>): Promise<void> {
    const { runId, clock } = this.#parts
    await this.#show({ ...now, runId, atMs: clock.now() })
  }

  #write(record: (journal: Journal) => Promise<void>): Promise<boolean> {
    this.#parts.beforeWriting()
    return this.#try(() => record(this.#parts.journal))
  }

  /** Nothing comes after the report: no memory, no stop. */
  async #show(message: RunMessage): Promise<void> {
    if (!this.#ended) await this.#try(() => this.#parts.onEvent(message))
  }

  async #try(tell: () => void | Promise<void>): Promise<boolean> {
    try {
      await tell()
      return true
    } catch (error) {
      this.#broken.abort(error ?? new Error('an empty value was thrown'))
      return false
    }
  }
}

/** A process that runs already is not among them: it is stopped, and how it ended is told. A service would stay. */
function begins(event: TaskEvent): boolean {
  switch (event.type) {
    case 'task-started':
    case 'attempt-opened':
      return event.phase !== 'undo'
    case 'attempt-identified':
      return event.phase !== 'undo' && event.service
    default:
      return false
  }
}

/** Whether it may quote what a task wrote; the rest is made of the engine's own words, of names and numbers. */
function quotes({ type }: TaskEvent): boolean {
  return (
    type === 'attempt-ended' ||
    type === 'task-ended' ||
    type === 'warning' ||
    type === 'undo-started' ||
    type === 'stopping'
  )
}
