import { readFileSync } from 'node:fs'

/** The text of a file of /proc or of a control group; empty where it is missing or may not be read. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8') // in one call to the system's side of Node.js: half the time of other encodings
  } catch {
    return ''
  }
}
