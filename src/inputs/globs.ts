import { join, relative, resolve, sep } from 'node:path'
import picomatch from 'picomatch'
import { messageOf } from '../errors.ts'
import { InputsUnknown } from './unknown.ts'

/** Globs as they are asked while walking. Paths are absolute. */
export type Globs = {
  /** Where the walk begins; none is inside another. Sorted. */
  readonly roots: readonly string[]
  /** A file that is one of those meant. */
  readonly matches: (path: string) => boolean
  /** Something below this directory may match. */
  readonly reaches: (dir: string) => boolean
  /** A path that a glob names without wildcards, to its end or on its way: a link there is followed. */
  readonly names: (path: string) => boolean
  /** The globs that have matched nothing so far, as they were written. */
  readonly unmatched: () => readonly string[]
}

type Glob = {
  readonly written: string
  /** The part without wildcards. */
  readonly base: string
  /** Of a path relative to `base`; null for a name without wildcards: it means itself, and all that is in it. */
  readonly matches: ((path: string) => boolean) | null
  /** Levels below `base` that may match. */
  readonly levels: number
}

/**
 * `*`, `?`, `**`, `{a,b}`, `[abc]`; names that begin with a dot are names like others. A directory's name alone means all
 * that is in it. `!` leaves out what matches, and all that is in a directory that does. The order does not matter.
 */
export function readGlobs(dir: string, written: readonly string[], leaveOut: readonly string[] = []): Globs {
  const wanted = written.filter((glob) => !glob.startsWith('!')).map((glob) => readGlob(dir, glob))
  const unwanted = [
    ...written.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1)),
    ...leaveOut.filter((glob) => !glob.startsWith('!')),
  ].map((glob) => readGlob(dir, glob))
  const unmatched = new Set(wanted)
  const isUnwanted = (path: string): boolean => unwanted.some((glob) => isMatch(glob, path))
  return {
    roots: outermost(wanted.map(({ base }) => base)),
    matches: (path) => {
      const found = wanted.filter((glob) => isMatch(glob, path))
      if (found.length === 0 || isUnwanted(path)) return false
      for (const glob of found) unmatched.delete(glob)
      return true
    },
    reaches: (path) => !isUnwanted(path) && wanted.some((glob) => mayHold(glob, path)),
    names: (path) => wanted.some(({ base }) => isWithin(path, base)),
    unmatched: () => [...unmatched].map((glob) => glob.written),
  }
}

function readGlob(dir: string, written: string): Glob {
  const segments = written.split('/')
  const first = segments.findIndex((segment) => magic.test(segment))
  if (first === -1)
    return { written, base: resolve(dir, unescaped(written)), matches: null, levels: Infinity }
  const glob = segments.slice(first).join('/')
  return {
    written,
    base: resolve(dir, unescaped(segments.slice(0, first).join('/') || (first === 0 ? '.' : '/'))),
    matches: matcherOf(glob, written),
    levels: /\*\*|\{/.test(glob) ? Infinity : segments.length - first,
  }
}

/** A wildcard, or what may be part of one, without a backslash before it. */
const magic = /(?<!\\)[*?[\]{}]/

const unescaped = (path: string): string => path.replace(/\\(.)/g, '$1')

/** Parentheses are letters, as in the directory names of some frameworks: `+(a|aa)` could be made to take very long. */
function matcherOf(glob: string, written: string): (path: string) => boolean {
  try {
    return picomatch(glob.replace(/(?<!\\)[()]/g, '\\$&'), { dot: true, noext: true, strictBrackets: true })
  } catch (cause) {
    throw new InputsUnknown(`the glob ${JSON.stringify(written)} cannot be read: ${messageOf(cause)}`, {
      cause,
    })
  }
}

function isMatch({ base, matches }: Glob, path: string): boolean {
  if (!isWithin(base, path)) return false
  return matches === null || matches(relative(base, path).split(sep).join('/'))
}

function mayHold({ base, levels }: Glob, dir: string): boolean {
  if (isWithin(dir, base)) return true
  return isWithin(base, dir) && relative(base, dir).split(sep).length < levels
}

const isWithin = (dir: string, path: string): boolean =>
  path === dir || path.startsWith(dir.endsWith(sep) ? dir : dir + sep)

function outermost(dirs: readonly string[]): readonly string[] {
  const distinct = [...new Set(dirs)]
  return distinct.filter((dir) => !distinct.some((other) => other !== dir && isWithin(other, dir))).sort()
}

/** As a plan writes it: relative to its directory, with `/`. */
export const nameIn = (dir: string, path: string): string =>
  isWithin(dir, path) ? relative(dir, path).split(sep).join('/') : join(relative(dir, path))
