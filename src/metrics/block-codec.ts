/**
 * A block: up to about a thousand samples of one series as few bytes. Everything comes back bit for bit. Times are
 * differences of differences, values differences of whole numbers where some power of ten makes all of them whole; both
 * take as few bits as they need. Other values are their bytes in planes, and zstd does the rest.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { PlimsollError } from '../errors.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { bitsOf } from './columns.ts'
import { packBlock, unpackTimes, unpackValues } from './packed-block.ts'
import { ownRoom, type Room } from './room.ts'
import type { Columns } from './words.ts'

/** The first byte: the form of all that follows. Another one is of a newer version. */
const plain = 1
const compressed = 2
const packed = 3
/** Of a sample in bits. Only of larger ones zstd is asked, too: they may be few that come again and again. */
const fewBytes = 1.25
/** Node.js takes 16 KiB for each call where it is not told that a block has less. */
const chunkSize = 4_096
/** Level 3 gained nothing on metrics and is slower. */
const options = { chunkSize, params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/** How times and values are written. */
const asDifferences = 1
const asPlanes = 2
const asWhole = 3

/** A difference of two differences of such times is exact, and ByteWriter can write it. */
const longestStepMs = 2 ** 50
/** So that the difference of two of them is below 2^52. */
const largestWhole = 2 ** 51
const powersOfTen = [1, 10, 100, 1_000, 10_000]

const writer = new ByteWriter()

export function encodeBlock(columns: Columns): Uint8Array {
  const count = columns.timestampsMs.length
  const scale = columns.kinds === null ? scaleOf(columns.values) : null
  const inBits = scale !== null && isShort(columns.timestampsMs) ? encodeInBits(columns, scale) : null
  if (inBits !== null && inBits.length <= count * fewBytes) return inBits
  // In bytes -0 would come back as 0.
  const squeezed = encodeInBytes(columns, columns.values.some((value) => Object.is(value, -0)) ? null : scale)
  return inBits !== null && inBits.length <= squeezed.length ? inBits : squeezed
}

function encodeInBits(columns: Columns, scale: number): Uint8Array {
  writer.unsigned(columns.timestampsMs.length)
  packBlock(writer, columns, scale)
  return headed(packed, writer.take())
}

function encodeInBytes(columns: Columns, scale: number | null): Uint8Array {
  writer.unsigned(columns.timestampsMs.length)
  encodeTimes(columns.timestampsMs)
  encodeValues(columns, scale)
  const body = writer.take()
  const squeezed = zstdCompressSync(body, options)
  return squeezed.length < body.length ? headed(compressed, squeezed) : headed(plain, body)
}

function headed(form: number, body: Uint8Array): Uint8Array {
  const block = new Uint8Array(body.length + 1)
  block[0] = form
  block.set(body, 1)
  return block
}

/** @throws METRIC_DATA_CORRUPT */
export const decodeBlock = (block: Uint8Array, room: Room = ownRoom): Columns =>
  decoded(block, (reader, count) => {
    const isPacked = block[0] === packed
    const timestampsMs = isPacked ? unpackTimes(reader, count, room) : decodeTimes(reader, count, room)
    const columns = isPacked
      ? { timestampsMs, values: unpackValues(reader, count, room), kinds: null }
      : { timestampsMs, ...decodeValues(reader, count, room) }
    if (!reader.isSound) throw new Error('its length is wrong')
    return columns
  })

/** Takes half as long. @throws METRIC_DATA_CORRUPT */
export const timesOfBlock = (block: Uint8Array): Float64Array =>
  decoded(block, (reader, count) =>
    block[0] === packed ? unpackTimes(reader, count, ownRoom) : decodeTimes(reader, count),
  )

function decoded<Result>(block: Uint8Array, read: (reader: ByteReader, count: number) => Result): Result {
  try {
    const reader = new ByteReader(bodyOf(block))
    const count = reader.unsigned()
    // More than any block holds: its memory is not even asked for.
    if (count > 2 ** 20) throw new Error(`it claims to have ${count} samples`)
    return read(reader, count)
  } catch (cause) {
    throw new PlimsollError('METRIC_DATA_CORRUPT', `a block of metrics cannot be read: ${String(cause)}`, {
      cause,
    })
  }
}

function bodyOf(block: Uint8Array): Uint8Array {
  const body = block.subarray(1)
  if (block[0] === plain || block[0] === packed) return body
  if (block[0] === compressed) return zstdDecompressSync(body, { chunkSize, maxOutputLength: 2 ** 25 })
  throw new Error(`its form ${block[0]} is not known here`)
}

/** Its differences are exact. */
const isShort = (timesMs: Float64Array): boolean =>
  timesMs.length > 0 && (timesMs.at(-1) as number) - (timesMs[0] as number) <= longestStepMs

function encodeTimes(timesMs: Float64Array): void {
  const { length } = timesMs
  if (!isShort(timesMs)) {
    writer.byte(asPlanes)
    writer.planes(timesMs)
    return
  }
  writer.byte(asDifferences)
  let before = 0
  let step = 0
  for (let index = 0; index < length; index += 1) {
    const timeMs = timesMs[index] as number
    if (index === 0) {
      // The first may be too large for what ByteWriter can write of both signs.
      writer.time(timeMs)
    } else {
      writer.signed(timeMs - before - step)
      step = timeMs - before
    }
    before = timeMs
  }
}

function decodeTimes(reader: ByteReader, count: number, room = ownRoom): Float64Array {
  if (reader.byte() === asPlanes) return reader.planes(count)
  if (count === 0) return new Float64Array()
  let timeMs = reader.time()
  const timesMs = room.numbers('times', count)
  reader.fillSigned(timesMs.subarray(1))
  timesMs[0] = timeMs
  let step = 0
  for (let index = 1; index < count; index += 1) {
    step += timesMs[index] as number
    timeMs += step
    timesMs[index] = timeMs
  }
  return timesMs
}

function encodeValues({ values, kinds }: Columns, scale: number | null): void {
  if (kinds !== null) {
    writer.byte(asPlanes)
    writer.byte(1)
    writer.bytes(kinds)
    writer.planes(differencesOf(bitsOf(values)))
    return
  }
  if (scale === null) {
    writer.byte(asPlanes)
    writer.byte(0)
    writer.planes(values)
    return
  }
  writer.byte(asWhole)
  writer.unsigned(scale)
  let before = 0
  for (const value of values) {
    const whole = Math.round(value * scale)
    writer.signed(whole - before)
    before = whole
  }
}

function decodeValues(reader: ByteReader, count: number, room: Room): Pick<Columns, 'values' | 'kinds'> {
  if (reader.byte() === asWhole) {
    const scale = reader.unsigned()
    const values = room.numbers('values', count)
    reader.fillSigned(values)
    let whole = 0
    for (let index = 0; index < count; index += 1) {
      whole += values[index] as number
      values[index] = whole / scale
    }
    return { values, kinds: null }
  }
  if (reader.byte() === 0) return { values: reader.planes(count), kinds: null }
  const kinds = reader.bytes(count)
  const values = reader.planes(count)
  addUp(bitsOf(values))
  return { values, kinds }
}

/** The least power of ten that makes every value whole and gives it back exactly; null when none does. */
function scaleOf(values: Float64Array): number | null {
  let power = 0
  for (const value of values) {
    while (!isWhole(value, powersOfTen[power] as number)) {
      power += 1
      if (power === powersOfTen.length) return null
    }
  }
  const scale = powersOfTen[power] as number
  // A greater power than an earlier value needed may not give that one back.
  return power === 0 || values.every((value) => isWhole(value, scale)) ? scale : null
}

function isWhole(value: number, scale: number): boolean {
  const whole = Math.round(value * scale)
  // NaN is never equal.
  return whole / scale === value && Math.abs(whole) < largestWhole
}

/** Modulo 2^64, so that a counter that grows has small ones. */
function differencesOf(bits: BigUint64Array): BigUint64Array {
  const differences = bits.slice()
  for (let index = bits.length - 1; index > 0; index -= 1)
    differences[index] = (bits[index] as bigint) - (bits[index - 1] as bigint)
  return differences
}

function addUp(bits: BigUint64Array): void {
  for (let index = 1; index < bits.length; index += 1)
    bits[index] = (bits[index] as bigint) + (bits[index - 1] as bigint)
}
