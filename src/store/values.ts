/** What may be stored, the same in every store. */
import { PlimsollError } from '../errors.ts'
import type { Value } from './words.ts'

/**
 * PostgreSQL has no NUL in a text, and UTF-8 no half of a surrogate pair: both become U+FFFD, in every store, so that
 * whatever a task prints can be recorded.
 * @throws INTERNAL for what is no Value.
 */
export function storable(parameters: readonly Value[]): readonly Value[] {
  return parameters.every(isStorable) ? parameters : parameters.map(replaced)
}

function isStorable(value: Value): boolean {
  if (typeof value === 'string') return !value.includes('\0') && value.isWellFormed()
  return (
    typeof value === 'number' || value === null || typeof value === 'bigint' || value instanceof Uint8Array
  )
}

function replaced(value: Value): Value {
  if (typeof value === 'string') return value.replaceAll('\0', '\u{fffd}').toWellFormed()
  if (isStorable(value)) return value
  throw new PlimsollError('INTERNAL', `a store keeps no ${typeof value}`)
}
