/** Logs that a user names: each file is opened when its turn comes and closed after it, however many there are. */
import { accessSync, constants, createReadStream, fstatSync, type Stats, statSync } from 'node:fs'
import { devNull } from 'node:os'
import { PlimsollError, systemCodeOf } from '../errors.ts'
import type { Log } from '../experts/experts.ts'
import { lookedBytes, whyNoText } from './no-text.ts'
import { withoutSecrets } from './typed.ts'

const chunkBytes = 256 * 1024
const inputName = 'standard input'

export const isLog = (name: string): boolean => name === '-' || statsOf(name)?.isDirectory() === false

/** @throws LOG_UNREADABLE for one of them, before anything is read of the others. */
export const openLogs = (names: readonly string[]): readonly Log[] =>
  names.map((name) => (name === '-' ? standardInput() : fileLog(name)))

/** A pipe or a file, not a terminal and not what a CI system leaves open. */
export function isPiped(): boolean {
  const stats = inputStats()
  return stats !== null && (stats.isFIFO() || stats.isFile() || stats.isSocket())
}

/** @throws LOG_UNREADABLE where there is nothing that could be read. */
export function standardInput(): Log {
  const stats = inputStats()
  if (stats === null) throw unreadable(inputName, 'is closed')
  if (stats.isDirectory()) throw unreadable(inputName, 'is a folder')
  // Node opens it in place of what is closed.
  if (stats.isCharacterDevice() && stats.rdev === statsOf(devNull)?.rdev)
    throw unreadable(inputName, `is closed, or ${devNull}: pipe a log into it`)
  return { name: inputName, chunks: chunksOf(inputName, () => process.stdin) }
}

/** Why no file has this name. */
export function noSuchLog(name: string, cause?: unknown): PlimsollError {
  try {
    if (statSync(name).isDirectory()) return unreadable(JSON.stringify(name), 'is a folder, not a log', cause)
  } catch (error) {
    const code = systemCodeOf(error)
    if (code !== 'ENOENT' && code !== 'ENOTDIR') return unreadable(name, cannot(error), error)
  }
  return unreadable('there is no file and no run', JSON.stringify(name), cause)
}

function fileLog(name: string): Log {
  if (statsOf(name)?.isSocket()) throw unreadable(name, 'is a socket, not a log')
  try {
    accessSync(name, constants.R_OK)
  } catch (error) {
    throw unreadable(name, cannot(error), error)
  }
  return {
    name,
    chunks: chunksOf(name, () => createReadStream(name, { highWaterMark: chunkBytes, ...endOf(name) })),
  }
}

/** A log that is written on is read as far as it goes now; of files such as those of /proc no size is known. */
function endOf(name: string): { readonly end?: number } {
  const stats = statsOf(name)
  return stats?.isFile() && stats.size > 0 ? { end: stats.size - 1 } : {}
}

/** @throws LOG_UNREADABLE, also for what is no text. */
async function* chunksOf(name: string, open: () => AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    let head: Buffer | null = Buffer.alloc(0)
    for await (const chunk of open()) {
      if (head === null) yield chunk
      else {
        head = Buffer.concat([head, chunk])
        if (head.length < lookedBytes) continue
        yield asText(name, head)
        head = null
      }
    }
    if (head !== null) yield asText(name, head)
  } catch (error) {
    throw error instanceof PlimsollError ? error : unreadable(name, cannot(error), error)
  }
}

function asText(name: string, head: Uint8Array): Uint8Array {
  const why = whyNoText(head, name === inputName ? null : name)
  if (why !== null) throw unreadable(name, why)
  return head
}

const cannot = (error: unknown): string => `cannot be read (${systemCodeOf(error)})`

/** Names are typed, or come from a shell's pattern: they may have a secret in them. */
const unreadable = (name: string, why: string, cause?: unknown): PlimsollError =>
  new PlimsollError('LOG_UNREADABLE', withoutSecrets(`${name} ${why}`), { cause })

const statsOf = (name: string): Stats | undefined => {
  try {
    return statSync(name)
  } catch {
    return undefined
  }
}

function inputStats(): Stats | null {
  try {
    return fstatSync(0)
  } catch {
    return null
  }
}
