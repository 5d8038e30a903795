import type { TaskEvent } from '../runners/runners.ts'
import type { RunParts } from './words.ts'

type TellingParts = Pick<
  RunParts,
  'runId' | 'clock' | 'journal' | 'executor' | 'signal' | 'killSignal' | 'onEvent'
>

/** What is told of a run: recorded first, then shown. */
export class Telling {
  readonly #parts: TellingParts
  readonly #broken = new AbortController()

  constructor(parts: TellingParts) {
    this.#parts = parts
  }

  /** Aborts when what happens cannot be recorded any more; its reason is the fault. */
  get broken(): AbortSignal {
    return this.#broken.signal
  }

  /** Why nothing can be recorded any more; undefined while all is well. */
  get fault(): unknown {
    return this.broken.aborted ? this.broken.reason : undefined
  }

  /** Recorded first, then shown. Once recording has failed, only shown: what was begun is still brought to its end. */
  async emit(event: TaskEvent): Promise<void> {
    const { runId, clock, journal, onEvent } = this.#parts
    const told = { ...event, runId, atMs: clock.now() }
    if (!this.broken.aborted) {
      try {
        await journal.record(told)
      } catch (error) {
        this.#broken.abort(error)
        throw error
      }
    }
    await onEvent(told)
  }

  /** Says that the run is being stopped, once for each signal. */
  tellStops(): Disposable {
    const { signal, killSignal } = this.#parts
    const tell = (how: 'gently' | 'at once') => (): void =>
      void this.emit({ type: 'stopping', how }).catch(() => undefined)
    const gently = tell('gently')
    const atOnce = tell('at once')
    signal.addEventListener('abort', gently, { once: true })
    killSignal.addEventListener('abort', atOnce, { once: true })
    return {
      [Symbol.dispose]: () => {
        signal.removeEventListener('abort', gently)
        killSignal.removeEventListener('abort', atOnce)
      },
    }
  }

  /** What is used now, for the eye. */
  async showMemory(): Promise<void> {
    const { runId, clock, onEvent, executor } = this.#parts
    const { usedBytes, capacityBytes, loadLineBytes } = executor.monitor.read()
    const { reservedBytes } = executor.ledger
    await onEvent({
      type: 'memory',
      runId,
      atMs: clock.now(),
      usedBytes,
      reservedBytes,
      capacityBytes,
      loadLineBytes,
    })
  }
}
