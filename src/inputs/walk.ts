import type { Dirent } from 'node:fs'
import { lstat, readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { systemCodeOf } from '../errors.ts'
import type { Globs } from './globs.ts'
import { InputsUnknown } from './unknown.ts'

export type WalkOptions = {
  /** Absolute paths that are never looked into, such as the state directory. */
  readonly hidden: readonly string[]
  readonly signal: AbortSignal
}

/**
 * All that matches and is no directory, each directory in the order of its names. A link is told and not followed, but
 * where a glob names it: there is no end to what a link may lead to. What git keeps (`.git`) is never looked into.
 */
export async function* walk(globs: Globs, options: WalkOptions): AsyncIterable<string> {
  for (const root of globs.roots) {
    const found = (await stat(root).catch(nothingThere)) ?? (await lstat(root).catch(nothingThere))
    if (found?.isDirectory()) yield* walkDirectory(root, globs, options)
    else if (found && globs.matches(root)) yield root
  }
}

async function* walkDirectory(dir: string, globs: Globs, options: WalkOptions): AsyncIterable<string> {
  options.signal.throwIfAborted()
  for (const entry of await entriesOf(dir)) {
    const path = join(dir, entry.name)
    if (options.hidden.includes(path)) continue
    if (!(await isDirectory(entry, path, globs))) {
      if (globs.matches(path)) yield path
    } else if (basename(path) !== '.git' && globs.reaches(path)) {
      yield* walkDirectory(path, globs, options)
    }
  }
}

async function isDirectory(entry: Dirent, path: string, globs: Globs): Promise<boolean> {
  if (!entry.isSymbolicLink() || !globs.names(path)) return entry.isDirectory()
  return (await stat(path).catch(nothingThere))?.isDirectory() ?? false
}

async function entriesOf(dir: string): Promise<readonly Dirent[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true })
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (cause) {
    if (systemCodeOf(cause) === 'ENOENT') return []
    throw new InputsUnknown(`the directory ${dir} could not be read (${systemCodeOf(cause)})`, { cause })
  }
}

/** A dangling link is still a link, with a text. */
function nothingThere(cause: unknown): null {
  if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCodeOf(cause) ?? '')) return null
  throw new InputsUnknown(`an input could not be read (${systemCodeOf(cause)})`, { cause })
}
