/** Time comes in as an argument: this is the only file that reads the clock or sets a timer. */
import { uptime } from 'node:os'
import { setTimeout as setTimer } from 'node:timers/promises'

export type Clock = {
  /** Wall time in milliseconds since 1970; for what is recorded. */
  now(): number
  /** Milliseconds of a clock that never jumps; for durations. */
  monotonic(): number
  /** As `monotonic`, in steps of 10 ms, and it goes on while the machine sleeps (Linux); it reads a file. */
  uptime(): number
  /** Resolves after `ms`; rejects at once with the signal's reason when it aborts. Zero sets no timer. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls back every `ms` without keeping the process alive, until disposed. */
  every(ms: number, callback: () => void): Disposable
}

/** Node.js fires a timer that is longer than this after 1 ms. */
const longestTimerMs = 2 ** 31 - 1

/** Taken once: the global is a getter, which costs as much as the reading. */
const { performance } = globalThis

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  uptime: () => uptime() * 1_000,
  sleep: async (ms, signal) => {
    signal?.throwIfAborted()
    if (ms <= 0) return
    try {
      for (let leftMs = ms; leftMs > 0; leftMs -= longestTimerMs) {
        await setTimer(Math.min(leftMs, longestTimerMs), undefined, signal ? { signal } : {})
      }
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    }
  },
  every: (ms, callback) => {
    const timer = setInterval(callback, ms)
    timer.unref()
    return { [Symbol.dispose]: () => clearInterval(timer) }
  },
}
