import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { systemCodeOf } from './errors.ts'

/**
 * Makes a directory (mode 0700) and those above it. Not with `recursive`: in /proc, which says "no such directory" to
 * every attempt, Node.js then tries for ever.
 * @throws the system's error.
 */
export function makeDirectory(path: string): void {
  if (existsSync(path)) return
  makeDirectory(dirname(path))
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    // Another engine may have been faster.
    if (systemCodeOf(error) !== 'EEXIST') throw error
  }
}
