/** Texts of any length: masked as they come in, stored in pieces, and streamed out again; never held as a whole. */
import { createHash, randomUUID } from 'node:crypto'
import { PlimsollError } from '../errors.ts'
import type { Redactor } from '../redact/redact.ts'
import type { Statement, Store } from '../store/store.ts'
import { formatSize } from '../units.ts'
import { headLength, longestInline } from './limits.ts'
import type { StoredText, TextSource } from './words.ts'

/** Bytes of one piece, and of what one transaction takes. */
const pieceBytes = 64 * 1024
const piecesAtOnce = 16

export type TextParts = {
  readonly store: Store
  readonly redactor: Redactor
  readonly maxTextBytes: number
  readonly now: () => number
}

export type KeptText = {
  /** All of it, or the beginning of what is stored. */
  readonly text: string
  readonly stored: StoredText | null
  readonly digest: string
}

type StoredWhole = KeptText & { readonly stored: StoredText }

type Owner = { readonly queryId: string; readonly name?: string | undefined }

/** A short text as it is; a longer one is stored under the query. @throws QUERY_TOO_LARGE, and what the source throws */
export async function takeText(parts: TextParts, source: TextSource, owner: Owner): Promise<KeptText> {
  if (typeof source === 'string' && source.length <= longestInline) {
    const text = await parts.redactor.kept(source)
    return { text, stored: null, digest: digestOf(text) }
  }
  const pieces = masked(parts.redactor, bytesOf(source))
  const first: Uint8Array[] = []
  for (let bytes = 0; bytes <= longestInline; ) {
    const { value, done } = await pieces.next()
    if (done) {
      const text = Buffer.concat(first).toString()
      return { text, stored: null, digest: digestOf(text) }
    }
    first.push(value)
    bytes += value.length
  }
  return storePieces(parts, joined(first, pieces), owner)
}

/** Stores it, however short. @throws as `takeText` */
export const storeText = (parts: TextParts, source: TextSource, owner: Owner): Promise<StoredWhole> =>
  storePieces(parts, masked(parts.redactor, bytesOf(source)), owner)

async function storePieces(
  { store, maxTextBytes, now }: TextParts,
  pieces: AsyncIterable<Uint8Array>,
  { queryId, name }: Owner,
): Promise<StoredWhole> {
  const textId = `t${randomUUID().replaceAll('-', '')}`
  const hash = createHash('sha256')
  let bytes = 0
  let number = 0
  let head = Buffer.alloc(0)
  let waiting: Statement[] = [
    {
      sql: 'insert into query_texts (id, query_id, bytes, created_at_ms) values (?1, ?2, 0, ?3)',
      parameters: [textId, queryId, now()],
    },
  ]
  try {
    for await (const piece of pieces) {
      bytes += piece.length
      if (bytes > maxTextBytes)
        throw new PlimsollError(
          'QUERY_TOO_LARGE',
          `the text is over its limits: more than ${formatSize(maxTextBytes)}`,
        )
      if (head.length < headLength) head = Buffer.concat([head, piece.subarray(0, headLength)])
      hash.update(piece)
      waiting.push({
        sql: 'insert into query_text_pieces (text_id, number, piece) values (?1, ?2, ?3)',
        parameters: [textId, number, piece],
      })
      number += 1
      if (waiting.length < piecesAtOnce) continue
      await store.write(waiting)
      waiting = []
    }
    const size = { sql: 'update query_texts set bytes = ?2 where id = ?1', parameters: [textId, bytes] }
    await store.write([...waiting, size])
  } catch (error) {
    // What is left all the same is removed by the next pruning.
    await store.write(removingText(textId)).catch(() => undefined)
    throw error
  }
  const stored: StoredText = { kind: 'stored-text', textId, bytes, ...(name !== undefined && { name }) }
  return { text: headText(head), stored, digest: hash.digest('hex') }
}

/** @throws QUERY_UNKNOWN when no such text is kept. */
export async function* readText(store: Store, textId: string): AsyncIterable<string> {
  const [found] = await store.read('select id from query_texts where id = ?1', [textId])
  if (found === undefined) throw new PlimsollError('QUERY_UNKNOWN', `no text "${textId}" is kept`)
  const decoder = new TextDecoder()
  const pieces = store.stream<{ readonly piece: Uint8Array }>(
    'select number, piece from query_text_pieces where text_id = ?1 and number > ?2 order by number',
    [textId, -1],
  )
  for await (const { piece } of pieces) {
    const text = decoder.decode(piece, { stream: true })
    if (text !== '') yield text
  }
  const rest = decoder.decode()
  if (rest !== '') yield rest
}

export const removingText = (textId: string): readonly Statement[] => [
  { sql: 'delete from query_text_pieces where text_id = ?1', parameters: [textId] },
  { sql: 'delete from query_texts where id = ?1', parameters: [textId] },
]

export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Without a letter that is cut in the middle. */
const headText = (head: Buffer): string =>
  new TextDecoder().decode(head.subarray(0, headLength), { stream: true })

async function* joined(
  first: readonly Uint8Array[],
  rest: AsyncGenerator<Uint8Array>,
): AsyncIterable<Uint8Array> {
  yield* first
  yield* rest
}

/** Pieces of one size, without secrets. */
async function* masked(
  redactor: Redactor,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, undefined> {
  const stream = redactor.keptStream()
  let held = Buffer.alloc(0)
  for await (const bytes of source) {
    held = Buffer.concat([held, await stream.push(bytes)])
    let at = 0
    for (; held.length - at >= pieceBytes; at += pieceBytes) yield held.subarray(at, at + pieceBytes)
    held = held.subarray(at)
  }
  held = Buffer.concat([held, await stream.end()])
  for (let at = 0; at < held.length; at += pieceBytes) yield held.subarray(at, at + pieceBytes)
  return undefined
}

/** In pieces of bounded size, whatever the source gives at once. */
async function* bytesOf(source: TextSource): AsyncIterable<Uint8Array> {
  for await (const part of typeof source === 'string' ? [source] : source) {
    for (let at = 0; at < part.length; at += pieceBytes) {
      if (typeof part !== 'string') yield part.subarray(at, at + pieceBytes)
      else yield Buffer.from(sliceOf(part, at))
    }
  }
}

/** A pair of surrogates that stands on the border belongs to the piece before. */
function sliceOf(text: string, at: number): string {
  const isLow = (index: number): boolean => (text.charCodeAt(index) & 0xfc00) === 0xdc00
  return text.slice(isLow(at) ? at + 1 : at, at + pieceBytes + (isLow(at + pieceBytes) ? 1 : 0))
}
