/**
 * The samples of a block whose values are all whole by some power of ten, in bits: as small as zstd makes their bytes, or
 * smaller, and read several times faster. The first of each column stands before its differences, which are small.
 */
import type { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import { LentRoom, type Room } from './room.ts'
import type { Columns } from './words.ts'

const scratch = new LentRoom()

/** At least one sample. */
export function packBlock(writer: ByteWriter, { timestampsMs, values }: Columns, scale: number): void {
  packTimes(writer, timestampsMs)
  writer.unsigned(scale)
  const differences = scratch.numbers('values', values.length - 1)
  let before = Math.round((values[0] as number) * scale)
  writer.signed(before)
  for (let index = 1; index < values.length; index += 1) {
    const whole = Math.round((values[index] as number) * scale)
    differences[index - 1] = whole - before
    before = whole
  }
  writer.packed(differences)
  writer.pad()
  packMinusZeros(writer, values)
}

/** Rounding makes them of small numbers, and a whole number has no other sign of zero. */
function packMinusZeros(writer: ByteWriter, values: Float64Array): void {
  const found: number[] = []
  for (let index = 0; index < values.length; index += 1) if (Object.is(values[index], -0)) found.push(index)
  writer.unsigned(found.length)
  for (const index of found) writer.unsigned(index)
}

function packTimes(writer: ByteWriter, timesMs: Float64Array): void {
  const first = timesMs[0] as number
  writer.time(first)
  if (timesMs.length === 1) return
  let before = timesMs[1] as number
  let step = before - first
  writer.signed(step)
  const bends = scratch.numbers('times', timesMs.length - 2)
  for (let index = 2; index < timesMs.length; index += 1) {
    const timeMs = timesMs[index] as number
    bends[index - 2] = timeMs - before - step
    step = timeMs - before
    before = timeMs
  }
  writer.packed(bends)
}

export function unpackTimes(reader: ByteReader, count: number, room: Room): Float64Array {
  const timesMs = room.numbers('times', count)
  let timeMs = reader.time()
  timesMs[0] = timeMs
  if (count < 2) return timesMs
  let step = reader.signed()
  reader.fillPacked(timesMs.subarray(2))
  timeMs += step
  timesMs[1] = timeMs
  for (let index = 2; index < count; index += 1) {
    step += timesMs[index] as number
    timeMs += step
    timesMs[index] = timeMs
  }
  return timesMs
}

export function unpackValues(reader: ByteReader, count: number, room: Room): Float64Array {
  const scale = reader.unsigned()
  const values = room.numbers('values', count)
  let whole = reader.signed()
  reader.fillPacked(values.subarray(1))
  reader.skipPad()
  values[0] = whole / scale
  for (let index = 1; index < count; index += 1) {
    whole += values[index] as number
    values[index] = whole / scale
  }
  unpackMinusZeros(reader, values)
  return values
}

function unpackMinusZeros(reader: ByteReader, values: Float64Array): void {
  const count = reader.unsigned()
  if (count > values.length) throw new RangeError(`${count} zeros`)
  for (let seen = 0; seen < count; seen += 1) values[reader.unsigned()] = -0
}
