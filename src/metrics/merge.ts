/** Columns of one series become one: ascending, no time twice, the later writing wins. */
import { columnsOf, cut } from './columns.ts'
import { ownRoom, type Room } from './room.ts'
import type { Columns } from './words.ts'

/** Of samples in the order in which they were written. */
export function inOrder(written: Columns): Columns {
  const { timestampsMs: times } = written
  let isAscending = true
  for (let index = 1; index < times.length && isAscending; index += 1)
    isAscending = (times[index - 1] as number) < (times[index] as number)
  return isAscending ? written : lastOfEach(written)
}

function lastOfEach(written: Columns): Columns {
  const times = written.timestampsMs
  const order = Uint32Array.from(times, (_, index) => index)
  order.sort((left, right) => (times[left] as number) - (times[right] as number) || left - right)
  const result = columnsOf(times.length, written.kinds !== null)
  let count = 0
  for (const index of order) {
    if (count > 0 && result.timestampsMs[count - 1] === times[index]) count -= 1
    copySample(written, index, result, count)
    count += 1
  }
  return cut(result, 0, count)
}

/** In `room` where both have samples; neither may lie there. */
export function merge(older: Columns, newer: Columns, room: Room = ownRoom): Columns {
  if (older.timestampsMs.length === 0) return newer
  if (newer.timestampsMs.length === 0) return older
  const total = older.timestampsMs.length + newer.timestampsMs.length
  const result = columnsOf(total, older.kinds !== null || newer.kinds !== null, room)
  if ((older.timestampsMs.at(-1) as number) < (newer.timestampsMs[0] as number)) {
    copyAll(older, result, 0)
    copyAll(newer, result, older.timestampsMs.length)
    return result
  }
  let count = 0
  let left = 0
  let right = 0
  while (left < older.timestampsMs.length || right < newer.timestampsMs.length) {
    const olderMs = older.timestampsMs[left] ?? Number.POSITIVE_INFINITY
    const newerMs = newer.timestampsMs[right] ?? Number.POSITIVE_INFINITY
    if (newerMs <= olderMs) copySample(newer, right++, result, count++)
    else copySample(older, left++, result, count++)
    if (newerMs === olderMs) left += 1
  }
  return cut(result, 0, count)
}

function copyAll(from: Columns, to: Columns, at: number): void {
  to.timestampsMs.set(from.timestampsMs, at)
  to.values.set(from.values, at)
  if (from.kinds !== null) to.kinds?.set(from.kinds, at)
}

function copySample(from: Columns, index: number, to: Columns, at: number): void {
  to.timestampsMs[at] = from.timestampsMs[index] as number
  to.values[at] = from.values[index] as number
  if (to.kinds !== null) to.kinds[at] = from.kinds?.[index] ?? 0
}
