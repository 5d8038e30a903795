/** Signals that abort when nobody wants the answers any more, or when their time is over. */
import type { Clock } from '../../clock.ts'
import { PlimsollError } from '../../errors.ts'
import type { ConsultOptions, Question } from './words.ts'

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

/** As long as the time of the question lasts and somebody wants its answers. */
export function whileInTime(
  { title, deadlineMs }: Question,
  { timeoutMs, signal }: ConsultOptions,
  clock: Clock,
): ReturnType<typeof within> {
  const leftMs =
    deadlineMs === undefined
      ? (timeoutMs ?? null)
      : Math.max(0, Math.min(deadlineMs - clock.now(), timeoutMs ?? Number.POSITIVE_INFINITY))
  const tooLate = (): PlimsollError =>
    new PlimsollError('EXPERT_TIMEOUT', `the time for ${JSON.stringify(title.slice(0, 200))} is over`)
  return within(clock, leftMs, signal, tooLate)
}
