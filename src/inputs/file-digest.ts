import { createHash } from 'node:crypto'
import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, lstat, open, readlink, stat } from 'node:fs/promises'
import { systemCodeOf } from '../errors.ts'
import { InputsUnknown } from './unknown.ts'

/** Bytes that are read at once. */
const chunkBytes = 256 * 1024
/** Tries with a file that changes while it is read. */
const mostTries = 3

/** A text, as SHA-256: 43 characters. */
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url')

/**
 * Kind, permissions and content, in bounded memory. Of a link its text, and the content of the file that it leads to. A
 * pipe, a socket or a device counts by its kind alone and is never opened.
 * @throws InputsUnknown when it cannot be read (a name that is not UTF-8 leads nowhere), or changes each time while it is.
 */
export async function fileDigest(path: string): Promise<string> {
  try {
    const found = await lstat(path, { bigint: true })
    if (found.isFile()) return digestOf(`file ${modeOf(found)} ${await contentDigest(path)}`)
    if (!found.isSymbolicLink()) return digestOf(`special ${found.mode}`)
    const text = await readlink(path)
    const target = await stat(path).catch(() => null)
    const content = target?.isFile() ? await contentDigest(path) : ''
    return digestOf(`link ${JSON.stringify(text)} ${content}`)
  } catch (cause) {
    if (cause instanceof InputsUnknown || systemCodeOf(cause) === undefined) throw cause
    throw new InputsUnknown(`${path} could not be read (${systemCodeOf(cause)})`, { cause })
  }
}

const modeOf = ({ mode }: BigIntStats): string => (mode & 0o777n).toString(8)

async function contentDigest(path: string): Promise<string> {
  await using handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  for (let attempt = 1; attempt <= mostTries; attempt += 1) {
    const before = await handle.stat({ bigint: true })
    const { digest, bytes } = await readAll(handle, before.size)
    if (isSame(before, await handle.stat({ bigint: true })) && before.size === bytes) return digest
  }
  throw new InputsUnknown(`${path} changes while it is read`)
}

async function readAll(
  handle: FileHandle,
  size: bigint,
): Promise<{ readonly digest: string; readonly bytes: bigint }> {
  const hash = createHash('sha256')
  // One more than is expected: growth is seen at once.
  const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, Number(size) + 1))
  let position = 0
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0) return { digest: hash.digest('base64url'), bytes: BigInt(position) }
    hash.update(buffer.subarray(0, bytesRead))
    position += bytesRead
  }
}

const isSame = (a: BigIntStats, b: BigIntStats): boolean =>
  a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs
