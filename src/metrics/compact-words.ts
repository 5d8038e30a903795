/** What the compaction and its thread say to each other, one question at a time. */
import type { NewBlock, VisibleBlock, VisiblePlace } from './statements.ts'

/** The times that new samples of a series lie between, both included. */
export type FreshRange = { readonly seriesId: number; readonly firstMs: number; readonly lastMs: number }

export type CompactRequest =
  /** Begins a slice. */
  | { readonly type: 'chunks'; readonly chunks: readonly Uint8Array[] }
  /** New samples of these ranges go into these blocks. */
  | {
      readonly type: 'rewrite'
      readonly ranges: readonly FreshRange[]
      readonly blocks: readonly VisibleBlock[]
    }

export type CompactAnswer =
  /** By series, ascending. */
  | { readonly type: 'ranges'; readonly ranges: readonly FreshRange[] }
  | {
      readonly type: 'rewritten'
      readonly deleted: readonly VisiblePlace[]
      readonly added: readonly NewBlock[]
    }
  | { readonly type: 'failed'; readonly message: string }
