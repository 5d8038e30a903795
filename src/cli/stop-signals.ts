export type StopSignals = Disposable & {
  /** Aborts at the first Ctrl-C (or SIGTERM, or a closed terminal): stop gently. */
  readonly signal: AbortSignal
  /** Aborts at the second: stop at once. */
  readonly killSignal: AbortSignal
}

const heard = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export function stopSignals(): StopSignals {
  const gentle = new AbortController()
  const final = new AbortController()
  const stop = (): void => {
    if (gentle.signal.aborted) {
      final.abort()
    } else {
      gentle.abort()
    }
  }
  for (const name of heard) process.on(name, stop)
  return {
    signal: gentle.signal,
    killSignal: final.signal,
    [Symbol.dispose]: () => {
      for (const name of heard) process.off(name, stop)
    },
  }
}
