/** Columns of samples: how a value lies in its eight bytes. */
import { ownRoom, type Room } from './room.ts'
import type { Columns } from './words.ts'

const kindNumber = 0
const kindSigned = 1
const kindUnsigned = 2

const firstUnsigned = 2n ** 63n

export const kindOf = (value: number | bigint): number =>
  typeof value === 'number' ? kindNumber : value < firstUnsigned ? kindSigned : kindUnsigned

/** The same eight bytes as whole numbers, modulo 2^64. */
export const bitsOf = (values: Float64Array): BigUint64Array =>
  new BigUint64Array(values.buffer, values.byteOffset, values.length)

export function valueAt(
  { values, kinds }: Pick<Columns, 'values' | 'kinds'>,
  index: number,
): number | bigint {
  const kind = kinds?.[index] ?? kindNumber
  if (kind === kindNumber) return values[index] ?? Number.NaN
  const bits = bitsOf(values)[index] ?? 0n
  return kind === kindSigned ? BigInt.asIntN(64, bits) : bits
}

/** All values as numbers; a counter above 2^53 is rounded. */
export function numbersOf(columns: Pick<Columns, 'values' | 'kinds'>): Float64Array {
  return columns.kinds === null
    ? columns.values
    : columns.values.map((_, index) => Number(valueAt(columns, index)))
}

export function columnsOf(count: number, hasKinds: boolean, room: Room = ownRoom): Columns {
  return {
    timestampsMs: room.numbers('times', count),
    values: room.numbers('values', count),
    kinds: hasKinds ? new Uint8Array(count) : null,
  }
}

/** From `start` on and before `end`, without a copy. */
export const cut = ({ timestampsMs, values, kinds }: Columns, start: number, end: number): Columns => ({
  timestampsMs: timestampsMs.subarray(start, end),
  values: values.subarray(start, end),
  kinds: kinds?.subarray(start, end) ?? null,
})

/** Index of the first that is not before `atMs`. */
export function firstFrom(timestampsMs: Float64Array, atMs: number): number {
  let low = 0
  let high = timestampsMs.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((timestampsMs[middle] ?? Number.POSITIVE_INFINITY) < atMs) low = middle + 1
    else high = middle
  }
  return low
}

/** What lies from `fromMs` on and before `toMs`, without a copy. */
export function within(columns: Columns, fromMs: number, toMs: number): Columns {
  const { timestampsMs } = columns
  const start = firstFrom(timestampsMs, fromMs)
  const end = firstFrom(timestampsMs, toMs)
  return start === 0 && end === timestampsMs.length ? columns : cut(columns, start, Math.max(start, end))
}
