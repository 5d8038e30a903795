import { createHash } from 'node:crypto'
import { fileDigest } from './file-digest.ts'
import { nameIn, readGlobs } from './globs.ts'
import { InputsUnknown } from './unknown.ts'
import { walk } from './walk.ts'

/** Files of one task. */
const mostFiles = 100_000
/** Files that are read at once. */
const batch = 16

/** Names of what a digest is made of, each with its own. At most `mostParts`; null when there are more. */
export type Parts = ReadonlyMap<string, string> | null
const mostParts = 5_000
/** Characters of a part's digest that are kept: they only name what has changed, the whole decides. */
const partLength = 16

export type TreeDigest = {
  /** Of all names and contents, in their order: 43 characters. */
  readonly digest: string
  readonly parts: Parts
  readonly fileCount: number
  /** Globs that match nothing. */
  readonly unmatched: readonly string[]
}

export type TreeOptions = {
  /** Of the plan; absolute. */
  readonly dir: string
  readonly globs: readonly string[]
  /** Globs of what does not count. */
  readonly leaveOut?: readonly string[]
  /** Says `output` where it is no input. */
  readonly kind?: string
  /** Absolute paths that are never looked into. */
  readonly hidden: readonly string[]
  /** Makes the digest of a file's digest: keyed where its content is secret. */
  readonly seal?: (path: string, digest: string) => string
  readonly signal: AbortSignal
}

/** @throws InputsUnknown when there are more than 100,000 files, or one cannot be read; the reason of the signal. */
export async function treeDigest(options: TreeOptions): Promise<TreeDigest> {
  const { dir, kind = 'file', seal = (_path, digest) => digest } = options
  const globs = readGlobs(dir, options.globs, options.leaveOut)
  const whole = createHash('sha256')
  let parts: Map<string, string> | null = new Map()
  let fileCount = 0
  const take = async (paths: readonly string[]): Promise<void> => {
    const digests = await Promise.all(paths.map(async (path) => seal(path, await fileDigest(path))))
    for (const [index, path] of paths.entries()) {
      const digest = digests[index] ?? ''
      const name = nameIn(dir, path)
      whole.update(`${JSON.stringify([name, digest])}\n`)
      parts?.set(`${kind} ${name}`, digest.slice(0, partLength))
    }
    fileCount += paths.length
    if (fileCount > mostFiles) throw new InputsUnknown(`its globs match more than ${mostFiles} files`)
    if (fileCount > mostParts) parts = null
  }
  const waiting: string[] = []
  for await (const path of walk(globs, options)) {
    waiting.push(path)
    if (waiting.length === batch) await take(waiting.splice(0))
  }
  await take(waiting)
  return { digest: whole.digest('base64url'), parts, fileCount, unmatched: globs.unmatched() }
}
