/** From what SQLite and the file system say to what a user can act on. */
import { type ErrorCode, messageOf, PlimsollError, systemCodeOf } from '../errors.ts'
import type { Failure } from './writer-words.ts'

/** By primary result code (https://www.sqlite.org/rescode.html); all others are STORE_FAILED. */
const codes: Readonly<Record<number, { readonly code: ErrorCode; readonly says: string }>> = {
  5: { code: 'STATE_BUSY', says: 'is held by another process' },
  6: { code: 'STATE_BUSY', says: 'is held by another connection' },
  8: { code: 'STATE_UNWRITABLE', says: 'cannot be written' },
  11: { code: 'STATE_CORRUPT', says: 'is damaged' },
  13: { code: 'STATE_FULL', says: 'cannot grow: the disk is full' },
  14: { code: 'STATE_UNWRITABLE', says: 'cannot be opened' },
  26: { code: 'STATE_CORRUPT', says: 'is not a database' },
}

/** SQLITE_IOERR_SHMSIZE: the shared-memory file beside the database finds no room on the disk. */
const noRoomForIndex = 4874

export function storeError(file: string, failure: Failure, cause?: unknown): PlimsollError {
  if (failure.isConflict) return new PlimsollError('STORE_CONFLICT', `${file}: ${failure.message}`, { cause })
  const primary = failure.resultCode === noRoomForIndex ? 13 : (failure.resultCode ?? 0) & 0xff
  const { code, says } = codes[primary] ?? { code: 'STORE_FAILED' as const, says: 'failed' }
  return new PlimsollError(code, `${file} ${says}: ${failure.message}`, { cause })
}

/** For what making the directory or the file threw. */
export function fileError(path: string, thrown: unknown): PlimsollError {
  const full = ['ENOSPC', 'EDQUOT'].includes(systemCodeOf(thrown) ?? '')
  const says = full ? 'cannot grow: the disk is full' : 'cannot be written'
  return new PlimsollError(
    full ? 'STATE_FULL' : 'STATE_UNWRITABLE',
    `${path} ${says}: ${messageOf(thrown)}`,
    {
      cause: thrown,
    },
  )
}
