/** A command that finds no room for what it prints fails, and has no room to say why. */
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PlimsollError, systemCodeOf } from '../errors.ts'
import type { EndOfCommand } from './failure.ts'

/** Exit codes from here on tell of a signal: that is another matter. */
const firstOfSignals = 128

/**
 * Why a command failed whose output found no room, and null where that is not known: it could not be copied into the
 * log, or the disk of the log is full now.
 * @param unlogged what went wrong when its output was copied.
 */
export async function noRoomFor(
  { exitCode }: EndOfCommand,
  log: string,
  unlogged: unknown,
): Promise<PlimsollError | null> {
  if (exitCode === null || exitCode === 0 || exitCode > firstOfSignals) return null
  if (systemCodeOf(unlogged) === 'ENOSPC')
    return new PlimsollError('STATE_FULL', 'its output could not be written: the disk is full', {
      cause: unlogged,
    })
  if (!(await isFull(dirname(log)))) return null
  return new PlimsollError('STATE_FULL', 'it may have found no room for its output: the disk is full')
}

/** What is left for root alone is room for root. */
async function isFull(folder: string): Promise<boolean> {
  try {
    const { bavail, bfree } = await statfs(folder)
    return (process.getuid?.() === 0 ? bfree : bavail) === 0
  } catch {
    return false
  }
}
