/**
 * The history file: what tasks needed, small enough for the cache of a CI service or for the repository, so that it
 * outlives a machine that is thrown away. It promises: reading never yields a record that cannot be true, writing
 * replaces the file as a whole or not at all and keeps what others have put into it, and merging is a union. It learns
 * nothing itself, and knows neither plans nor runs.
 */
import { mkdtemp, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type Clock, systemClock } from '../clock.ts'
import { makeDirectory } from '../directories.ts'
import { messageOf, PlimsollError, systemCodeOf } from '../errors.ts'
import type { TaskPeak } from '../journal/journal.ts'
import { formatSize } from '../units.ts'
import { lockFile } from './file-lock.ts'
import { formatHistory, invalid, longestFile, parseHistory } from './lines.ts'
import { latestCredibleMs, mergePeaks } from './merge.ts'

export { knownPeaks } from './known-peaks.ts'
export { formatHistory } from './lines.ts'
export { crediblePeaks, mergePeaks, newPeaks } from './merge.ts'

/** The absolute path of the file: what was said, else PLIMSOLL_HISTORY, else none. */
export function historyFileOf(said: string | undefined, variables: NodeJS.ProcessEnv): string | undefined {
  const file = said ?? variables.PLIMSOLL_HISTORY ?? ''
  return file === '' ? undefined : resolve(file)
}

/**
 * Newest first. A file that is missing or empty has no records.
 * @throws HISTORY_INVALID for everything else that is not a history, with file and line.
 */
export async function readHistory(file: string): Promise<readonly TaskPeak[]> {
  const bytes = await bytesOf(file)
  if (bytes === null) return []
  if (bytes.length > longestFile) throw tooLong(file)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw invalid(file, 'it is not UTF-8 text', { cause })
  }
  return mergePeaks([parseHistory(text, file)])
}

/**
 * Adds the records to the file (mode 0644), with what is in it at this moment; makes it and its directory when they are
 * missing. A link stays one. Of several processes that write at the same moment each waits for its turn, so that nothing
 * is lost. Records from after tomorrow go first when there are too many. @returns how many records it has now.
 * @throws HISTORY_INVALID, HISTORY_UNWRITABLE; the file is then as it was.
 */
export async function writeHistory(
  file: string,
  peaks: readonly TaskPeak[],
  clock: Clock = systemClock,
): Promise<number> {
  const target = await realpath(file).catch(() => file)
  try {
    makeDirectory(dirname(target))
    await using _lock = await lockFile(target, clock)
    const folder = await mkdtemp(`${target}.`)
    try {
      const all = mergePeaks([await readHistory(target), peaks], { latestMs: latestCredibleMs(clock.now()) })
      await replace(target, join(folder, 'history'), formatHistory(all))
      return all.length
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  } catch (cause) {
    if (cause instanceof PlimsollError) throw cause
    throw new PlimsollError('HISTORY_UNWRITABLE', `${file}: ${messageOf(cause)}`, { cause })
  }
}

async function replace(target: string, temporary: string, text: string): Promise<void> {
  const handle = await open(temporary, 'wx', 0o644)
  try {
    // Whatever the umask is: it is meant to be shared.
    await handle.chmod(0o644)
    await handle.writeFile(text)
    // Else a power cut could leave the new name with nothing in it.
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, target)
}

/** Null when there is no file. A pipe or a device is not opened: it could block for ever, or never end. */
async function bytesOf(file: string): Promise<Uint8Array | null> {
  try {
    const found = await stat(file)
    if (!found.isFile()) throw invalid(file, 'it is not a file', { fix: 'Name a file' })
    if (found.size > longestFile) throw tooLong(file)
    return await readFile(file)
  } catch (cause) {
    if (cause instanceof PlimsollError) throw cause
    if (systemCodeOf(cause) === 'ENOENT') return null
    throw invalid(file, `it cannot be read: ${messageOf(cause)}`, { cause })
  }
}

const tooLong = (file: string): PlimsollError =>
  invalid(file, `it is longer than ${formatSize(longestFile)}`, {
    fix: 'Name another file: what plimsoll writes is never that long',
  })
