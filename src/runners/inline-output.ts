import { AsyncLocalStorage } from 'node:async_hooks'

type Sink = (chunk: string | Uint8Array) => void
const sinks = new AsyncLocalStorage<Sink>()
let redirected = false

/**
 * Calls `fn` with what it prints, by `console` or the process's own streams, going to `sink`: the engine's standard
 * output belongs to its report. What it writes to a file descriptor by itself is not caught.
 */
export function withOutputTo<T>(sink: Sink, fn: () => Promise<T>): Promise<T> {
  if (!redirected) for (const stream of [process.stdout, process.stderr]) redirect(stream)
  redirected = true
  return sinks.run(sink, fn)
}

function redirect(stream: NodeJS.WriteStream): void {
  const write = stream.write.bind(stream) as (...parameters: unknown[]) => boolean
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const sink = sinks.getStore()
    if (!sink) return write(chunk, ...rest)
    sink(chunk)
    const done = rest.at(-1)
    if (typeof done === 'function') queueMicrotask(() => done())
    return true
  }
}
