import { messageOf, PlimsollError } from '../errors.ts'

export type StopSignals = Disposable & {
  /** Aborts at the first Ctrl-C (or SIGTERM, or a closed terminal): stop gently. */
  readonly signal: AbortSignal
  /** Aborts at the second: stop at once. */
  readonly killSignal: AbortSignal
  /** What was thrown where nobody listens, by a function of the plan or by a defect; it stops the run gently. */
  readonly fault: PlimsollError | undefined
}

const heard = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export function stopSignals(): StopSignals {
  const gentle = new AbortController()
  const final = new AbortController()
  let fault: PlimsollError | undefined
  const stop = (): void => (gentle.signal.aborted ? final.abort() : gentle.abort())
  const keep = (error: unknown): void => {
    fault ??= new PlimsollError('INTERNAL', `an error was thrown that nobody caught: ${messageOf(error)}`, {
      cause: error,
    })
    gentle.abort(fault)
  }
  for (const name of heard) process.on(name, stop)
  process.on('uncaughtException', keep)
  return {
    signal: gentle.signal,
    killSignal: final.signal,
    get fault() {
      return fault
    },
    [Symbol.dispose]: () => {
      for (const name of heard) process.off(name, stop)
      process.off('uncaughtException', keep)
    },
  }
}
