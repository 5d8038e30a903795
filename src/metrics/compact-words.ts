/** What the compaction and its thread say to each other, one question at a time. */
import type { NewBlock, VisibleBlock, VisiblePlace } from './statements.ts'

/** The times that new samples of a series lie between, both included. */
export type FreshRange = { readonly seriesId: number; readonly firstMs: number; readonly lastMs: number }

export type CompactRequest =
  /** More of a slice, in the order of the chunks. */
  | { readonly type: 'take'; readonly chunks: readonly Uint8Array[]; readonly isFirst: boolean }
  /** The slice is whole. */
  | { readonly type: 'sort' }
  /** New samples of these ranges go into these blocks. */
  | {
      readonly type: 'rewrite'
      readonly ranges: readonly FreshRange[]
      readonly blocks: readonly VisibleBlock[]
    }

export type CompactAnswer =
  | { readonly type: 'taken' }
  /** By series, ascending: three numbers each, as in FreshRange. There may be as many as samples. */
  | { readonly type: 'ranges'; readonly ranges: Float64Array }
  | {
      readonly type: 'rewritten'
      readonly deleted: readonly VisiblePlace[]
      readonly added: readonly NewBlock[]
    }
  | { readonly type: 'failed'; readonly message: string }

type Answers = { readonly take: 'taken'; readonly sort: 'ranges'; readonly rewrite: 'rewritten' }

export type AnswerTo<Type extends CompactRequest['type']> = Extract<CompactAnswer, { type: Answers[Type] }>

export type Packer = {
  /** One question at a time. What the buffers of the request hold is then the packer's. */
  ask<Type extends CompactRequest['type']>(
    request: Extract<CompactRequest, { type: Type }>,
  ): Promise<AnswerTo<Type>>
}
