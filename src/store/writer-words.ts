/** What the writer thread and its owner say to each other. Plain values: they are copied between threads. */
import type { Durability, Statement } from './words.ts'

export type WriterData = { readonly file: string }

/** An SQLite or system error as it crosses the border of a thread. */
export type Failure = {
  readonly message: string
  /** Extended SQLite result code; its low byte is the primary one. */
  readonly resultCode: number | null
  /** No failure of the database: a statement changed another number of rows than its caller expects. */
  readonly isConflict?: boolean
}

/** One batch is under way at a time, so an answer needs no number. */
export type WriterRequest =
  | {
      readonly type: 'batch'
      readonly calls: readonly (readonly Statement[])[]
      readonly durability: Durability
    }
  | { readonly type: 'give-back' }
  /** One is under way at a time. */
  | { readonly type: 'job'; readonly module: string }
  | { readonly type: 'close' }

export type WriterAnswer =
  | { readonly type: 'open' }
  | { readonly type: 'too-new'; readonly found: number; readonly known: number }
  | { readonly type: 'failed'; readonly failure: Failure }
  /** In the order of the calls; null is committed. */
  | { readonly type: 'written'; readonly failures: readonly (Failure | null)[] }
  | { readonly type: 'given-back'; readonly hasMore: boolean; readonly failure: Failure | null }
  | { readonly type: 'done'; readonly answer: unknown; readonly failure: Failure | null }

/** Thrown inside a transaction, so that it is rolled back. */
export class UnexpectedRows extends Error {
  constructor({ sql, expectRows }: Statement, changedRows: number) {
    super(`${changedRows} rows instead of ${expectRows} were changed by: ${sql}`)
  }
}

/** Of a job's own write. */
export class WriteFailed extends Error {
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.message)
    this.failure = failure
  }
}

export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof WriteFailed) return thrown.failure
  if (thrown instanceof UnexpectedRows) return { message: thrown.message, resultCode: null, isConflict: true }
  if (!(thrown instanceof Error)) return { message: String(thrown), resultCode: null }
  const resultCode = 'errcode' in thrown && typeof thrown.errcode === 'number' ? thrown.errcode : null
  return { message: thrown.message, resultCode }
}
