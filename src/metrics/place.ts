/** Where metrics are kept, as it is written. */
import { fileURLToPath } from 'node:url'
import { PlimsollError } from '../errors.ts'

const usualDirectory = '.plimsoll'

/** @throws DATABASE_URL_INVALID */
export function placeOf(url: string): { readonly stateDir: string; readonly database?: string } {
  if (/^postgres(?:ql)?:/.test(url)) return { stateDir: usualDirectory, database: url }
  if (!url.startsWith('file:'))
    throw new PlimsollError(
      'DATABASE_URL_INVALID',
      'the place of metrics begins neither with file: nor with postgres://',
      { fix: 'Write file:DIRECTORY or postgres://USER:PASSWORD@HOST:PORT/DATABASE' },
    )
  const path = url.startsWith('file://') ? fileURLToPath(url) : url.slice('file:'.length)
  return { stateDir: path || usualDirectory }
}
