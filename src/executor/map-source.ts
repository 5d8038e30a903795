import type { Clock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'

/** A source that is asked for an item at the end may answer so late, in milliseconds; then it is left. */
const closeMs = 1_000

export type Source<Item> = Iterator<Item> | AsyncIterator<Item>

/** @throws OPTION_INVALID for what cannot be iterated; whatever the source throws when it is opened. */
export function openSource<Item>(source: Iterable<Item> | AsyncIterable<Item>): Source<Item> {
  const given: Partial<Iterable<Item> & AsyncIterable<Item>> | null | undefined = source
  const opened = given?.[Symbol.asyncIterator]?.() ?? given?.[Symbol.iterator]?.()
  if (opened !== undefined) return opened
  const found =
    typeof given === 'object' && given !== null ? 'an object that cannot be iterated' : String(given)
  throw new PlimsollError(
    'OPTION_INVALID',
    `the source of map is ${found}, expected an array or something else to iterate`,
  )
}

/** @throws what the source throws; one that does not answer is left. */
export async function closeSource(source: Source<unknown>, clock: Clock): Promise<void> {
  const closing = Promise.resolve(source.return?.())
  const patience = new AbortController()
  const late = clock.sleep(closeMs, patience.signal).catch(() => undefined)
  try {
    await Promise.race([closing, late])
  } finally {
    patience.abort()
  }
}
