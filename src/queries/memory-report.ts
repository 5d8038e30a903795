/** What the queries take in memory: accounted where they are held, not guessed from the process. */
import { type CacheCounts, placeBytes, type QueryCache } from './cache.ts'
import type { Limits } from './limits.ts'
import type { WaitingLine } from './waiting-line.ts'

export type MemoryReport = Readonly<CacheCounts> & {
  readonly cachedQueries: number
  readonly maxCachedQueries: number
  /** Of the heap, for what is held of the queries; within 20 % of what V8 frees when they leave. */
  readonly bytes: number
  readonly maxBytes: number
  /** For the places, used or not. */
  readonly fixedBytes: number
  /** 0 when there is none. */
  readonly meanBytes: number
  readonly waitingQueries: number
  readonly runningQueries: number
}

export const memoryReport = (cache: QueryCache, line: WaitingLine, limits: Limits): MemoryReport => ({
  ...cache.counts,
  cachedQueries: cache.size,
  maxCachedQueries: limits.maxCachedQueries,
  bytes: cache.bytes,
  maxBytes: limits.maxCachedMb * 2 ** 20,
  fixedBytes: limits.maxCachedQueries * placeBytes,
  meanBytes: cache.size === 0 ? 0 : Math.round(cache.bytes / cache.size),
  waitingQueries: line.waiting,
  runningQueries: line.running,
})
