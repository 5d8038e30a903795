/** The places that bound memory: the machine itself; `group-level.ts` has the control groups around this process. */
import { freemem, totalmem } from 'node:os'
import { join } from 'node:path'
import { openFreeLists } from './free-lists.ts'
import { keepFile } from './kept-file.ts'

export type MemoryLevel = {
  /** The file, directory or function that says so. */
  readonly source: string
  /** Null: this level sets no limit. */
  readonly limitBytes: number | null
  /** Working set: without file cache that the kernel can drop at once. */
  readonly usedBytes: number
}

/** A level that is read again and again. `read` answers undefined when it cannot be understood, throws when it is gone. */
export type LevelReader = Disposable & { readonly source: string; read(): MemoryLevel | undefined }

/** The machine as /proc/meminfo and the free lists of its processors see it. Undefined where there is no such file. */
export function hostLevel(root: string): LevelReader | undefined {
  const source = '/proc/meminfo'
  const file = keepFile(join(root, source))
  if (file === undefined) return undefined
  const freeLists = openFreeLists(root)
  return {
    source,
    read: () => parseMeminfo(source, file.read(), freeLists?.share() ?? 0),
    [Symbol.dispose]: () => {
      file[Symbol.dispose]()
      freeLists?.[Symbol.dispose]()
    },
  }
}

function parseMeminfo(source: string, text: string, freeShare: number): MemoryLevel | undefined {
  const total = kilobytes(text, /^MemTotal: +(\d{1,12}) kB$/m)
  const available = kilobytes(text, /^MemAvailable: +(\d{1,12}) kB$/m)
  if (total === undefined || available === undefined) return undefined
  return {
    source,
    limitBytes: total,
    usedBytes: Math.max(0, total - available - Math.round(total * freeShare)),
  }
}

function kilobytes(text: string, pattern: RegExp): number | undefined {
  const digits = pattern.exec(text)?.[1]
  return digits === undefined ? undefined : Number(digits) * 1024
}

/** The machine as Node.js knows it everywhere; cache that could be dropped may be counted as used. */
export function portableHostLevel(): MemoryLevel {
  const total = totalmem()
  return { source: 'os.totalmem()', limitBytes: total, usedBytes: Math.max(0, total - freemem()) }
}

/** A limit on this process that Node.js knows of. Without one it answers 0 or a number near 2^64. */
export function portableLimitLevel(): MemoryLevel | undefined {
  const limit = process.constrainedMemory()
  if (!(limit > 0 && limit < totalmem())) return undefined
  const usedBytes = Math.max(0, limit - process.availableMemory())
  return { source: 'process.constrainedMemory()', limitBytes: limit, usedBytes }
}
