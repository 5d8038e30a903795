import type { Clock } from '../../clock.ts'

/** A signal that follows another, and aborts by itself when the time is over. Dispose of it: no timer stays behind. */
export function within(
  clock: Clock,
  ms: number | null,
  outer: AbortSignal | undefined,
  reason: () => unknown,
): Disposable & { readonly signal: AbortSignal } {
  const control = new AbortController()
  const done = new AbortController()
  const follow = (): void => control.abort(outer?.reason)
  if (outer?.aborted) follow()
  else outer?.addEventListener('abort', follow, { once: true })
  if (ms !== null) {
    clock.sleep(ms, done.signal).then(
      () => control.abort(reason()),
      () => undefined,
    )
  }
  return {
    signal: control.signal,
    [Symbol.dispose]: () => {
      outer?.removeEventListener('abort', follow)
      done.abort()
    },
  }
}
