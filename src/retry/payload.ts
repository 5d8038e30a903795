import { statSync } from 'node:fs'
import { headerOf, isOf, lookUp } from './answers.ts'

/** So many values of an object are looked at; of a longer list so many, evenly spread, stand for all. */
const mostValues = 10_000
const mostOfAList = 1_000
const deepest = 100
/** Boundary, names and line ends around each part of a form, in bytes. */
const perFormPart = 130

/**
 * Bytes that are sent of a payload. Exact for texts (UTF-8), buffers, typed arrays, blobs, and streams of files; close for
 * forms; for objects the size of their JSON, where no more than some 10,000 values are looked at and stand for the
 * rest. Null where nobody knows before: a stream without a length. Never throws.
 */
export function payloadBytes(payload: unknown): number | null {
  if (payload === undefined || payload === null) return 0
  try {
    return textBytes(payload) ?? binaryBytes(payload) ?? streamBytes(payload)
  } catch {
    // It has the prototype of something that it is not.
    return null
  }
}

function textBytes(payload: unknown): number | undefined {
  if (typeof payload === 'string') return Buffer.byteLength(payload)
  return isOf(payload, URLSearchParams) ? Buffer.byteLength(payload.toString()) : undefined
}

function binaryBytes(payload: unknown): number | undefined {
  if (isOf(payload, ArrayBuffer) || isOf(payload, SharedArrayBuffer) || ArrayBuffer.isView(payload)) {
    return payload.byteLength
  }
  if (isOf(payload, Blob)) return payload.size
  return isOf(payload, FormData) ? formBytes(payload) : undefined
}

function formBytes(form: FormData): number {
  let bytes = 0
  for (const [name, value] of form) {
    bytes += perFormPart + Buffer.byteLength(name)
    bytes += typeof value === 'string' ? Buffer.byteLength(value) : value.size + Buffer.byteLength(value.name)
  }
  return bytes
}

/** A stream, a request, or else an object. */
function streamBytes(payload: unknown): number | null {
  const length = headerOf(payload, 'content-length')
  if (length !== undefined && /^\d{1,15}$/.test(length)) return Number(length)
  const isStream =
    isOf(payload, ReadableStream) ||
    typeof lookUp(payload, 'pipe') === 'function' ||
    typeof lookUp(payload, Symbol.asyncIterator) === 'function' ||
    isOf(payload, Request)
  if (!isStream) return new ObjectSize().bytesOf(payload, 0)
  return knownLength(payload) ?? fileBytes(payload)
}

function knownLength(stream: unknown): number | null {
  for (const name of ['contentLength', 'byteLength', 'size']) {
    const length = lookUp(stream, name)
    if (typeof length === 'number' && Number.isSafeInteger(length) && length >= 0) return length
  }
  return null
}

/** What `fs.createReadStream` will read. */
function fileBytes(stream: unknown): number | null {
  const path = lookUp(stream, 'path')
  if (typeof path !== 'string' && !Buffer.isBuffer(path)) return null
  const start = lookUp(stream, 'start')
  const end = lookUp(stream, 'end')
  try {
    const { size } = statSync(path)
    const from = typeof start === 'number' ? start : 0
    const to = typeof end === 'number' && Number.isFinite(end) ? Math.min(end + 1, size) : size
    return Math.max(0, to - from)
  } catch {
    return null
  }
}

/** The size of the JSON of a value, near enough and in bounded time. */
class ObjectSize {
  #values = 0
  /** Those around the value that is looked at: a ring is counted once. */
  readonly #around = new Set<unknown>()

  bytesOf(value: unknown, depth: number): number {
    this.#values += 1
    switch (typeof value) {
      case 'string':
        return jsonTextBytes(value)
      case 'number':
        return Number.isFinite(value) ? String(value).length : 4
      case 'bigint':
        return value.toString(16).length
      case 'boolean':
        return value ? 4 : 5
      case 'object':
        return value === null ? 4 : this.#bytesOfObject(value, depth)
      default:
        return 0
    }
  }

  #bytesOfObject(value: object, depth: number): number {
    const bytes = textBytes(value) ?? binaryBytes(value)
    if (bytes !== undefined) return bytes
    if (depth >= deepest || this.#around.has(value)) return 0
    this.#around.add(value)
    const size = this.#bytesOfOwnJson(value, depth) ?? this.#bytesInside(value, depth)
    this.#around.delete(value)
    return size
  }

  /** What is sent of an object that has a JSON form of its own: a date, a URL, a decimal. */
  #bytesOfOwnJson(value: object, depth: number): number | undefined {
    const toJson = lookUp(value, 'toJSON')
    if (typeof toJson !== 'function') return undefined
    try {
      const json: unknown = toJson.call(value, '')
      return json === value ? undefined : this.bytesOf(json, depth + 1)
    } catch {
      return 0
    }
  }

  #bytesInside(value: object, depth: number): number {
    try {
      if (Array.isArray(value)) return 2 + this.#bytesOfList(value.length, (index) => value[index], depth)
      if (isOf(value, Map) || isOf(value, Set)) return 2 + this.#bytesOfEntries(value, depth)
      const names = Object.keys(value)
      return 2 + this.#bytesOfList(names.length, (index) => names[index], depth, value)
    } catch {
      return 0
    }
  }

  /** They can be looked at from the first one on only: the first of many stand for all. */
  #bytesOfEntries(entries: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>, depth: number): number {
    if (entries.size === 0) return 0
    const looked = entries.entries().take(mostOfAList).toArray()
    const all = looked.flatMap(([key, value]) => (entries instanceof Map ? [key, value] : [value]))
    return Math.round(
      (this.#bytesOfList(all.length, (index) => all[index], depth) * entries.size) / looked.length,
    )
  }

  /** Commas and, for the members of an object, colons included; all of it, or samples that stand for it. */
  #bytesOfList(length: number, at: (index: number) => unknown, depth: number, owner?: object): number {
    if (length === 0) return 0
    const left = Math.max(1, mostValues - this.#values)
    const looked = length <= Math.min(left, mostValues) ? length : Math.min(mostOfAList, left)
    let bytes = 0
    for (let step = 0; step < looked; step += 1) {
      const item = at(looked === length ? step : Math.floor(((step + shareOf(step)) * length) / looked))
      bytes += owner === undefined ? this.#inList(item, depth) : this.#member(owner, item as string, depth)
    }
    return Math.max(0, Math.round((bytes * length) / looked) - 1)
  }

  /** What has no JSON is `null` in a list, and absent from an object. */
  #inList(item: unknown, depth: number): number {
    return 1 + (hasNoJson(item) ? 4 : this.bytesOf(item, depth + 1))
  }

  #member(owner: object, name: string, depth: number): number {
    const value = lookUp(owner, name)
    return hasNoJson(value) ? 0 : jsonTextBytes(name) + 2 + this.bytesOf(value, depth + 1)
  }
}

/** Somewhere between 0 and 1, so that no pattern of a list falls into step with the samples: the golden ratio. */
const shareOf = (step: number): number => (step * 0.618_033_988_75) % 1

const hasNoJson = (value: unknown): boolean => ['undefined', 'function', 'symbol'].includes(typeof value)

/** Longer texts are counted without what has to be escaped in them. */
const longestExact = 1_000

function jsonTextBytes(text: string): number {
  return text.length <= longestExact ? Buffer.byteLength(JSON.stringify(text)) : Buffer.byteLength(text) + 2
}
