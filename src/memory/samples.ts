/** Readings as a stream: as fast as its reader, slower while nothing runs. */
import type { Clock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import type { MemoryReading } from './monitor.ts'

export type SampleOptions = {
  readonly clock: Clock
  /** Ends the stream when it aborts, without an error: what was read stands for itself. */
  readonly signal?: AbortSignal
  /** Milliseconds between two samples, 1 or more. Default 100. */
  readonly intervalMs?: number
  /** The same while nothing runs. Default 2,000, or `intervalMs` when that is more. */
  readonly idleIntervalMs?: number
  /** Asked before each wait. Default: always true. */
  readonly isBusy?: () => boolean
}

export type MemorySample = { readonly atMs: number; readonly reading: MemoryReading }

/** Iterate it once; whoever stops reading stops the sampling. */
export type MemorySamples = AsyncGenerator<MemorySample, void, void> & {
  /** The next sample is taken now, not at the end of the interval: something has just begun. */
  wake(): void
}

/** Memory is looked at when a reader asks, so a slow one gets the newest sample and nothing is ever queued. */
export function sampleMemory(read: () => MemoryReading, options: SampleOptions): MemorySamples {
  const { clock, signal, intervalMs = 100, isBusy = () => true } = options
  const idleIntervalMs = options.idleIntervalMs ?? Math.max(2_000, intervalMs)
  for (const ms of [intervalMs, idleIntervalMs]) {
    if (!(ms >= 1)) throw new PlimsollError('OPTION_INVALID', `the interval is ${ms} ms, not 1 or more`)
  }
  let isAwake = true
  let nap: AbortController | undefined
  const wake = (): void => {
    isAwake = true
    nap?.abort()
  }

  async function sleep(ms: number): Promise<void> {
    if (isAwake || signal?.aborted || ms <= 0) return
    const controller = new AbortController()
    nap = controller
    signal?.addEventListener('abort', wake)
    try {
      await clock.sleep(ms, controller.signal)
    } catch (error) {
      if (!controller.signal.aborted) throw error
    } finally {
      signal?.removeEventListener('abort', wake)
      nap = undefined
    }
  }

  async function* samples(): AsyncGenerator<MemorySample, void, void> {
    let lastMs = clock.monotonic()
    for (;;) {
      await sleep(lastMs + (isBusy() ? intervalMs : idleIntervalMs) - clock.monotonic())
      if (signal?.aborted) return
      isAwake = false
      lastMs = clock.monotonic()
      yield { atMs: clock.now(), reading: read() }
    }
  }
  return Object.assign(samples(), { wake })
}
