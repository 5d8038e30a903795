/** Jobs of ours in the thread that writes. Loaded with the first of them: most starts have none. */
import { PlimsollError } from '../errors.ts'
import { storeError } from './sqlite-errors.ts'
import type { statementCache } from './statement-cache.ts'
import { storable } from './values.ts'
import type { Beside, Durability, Statement, Value } from './words.ts'
import { type Failure, failureOf, WriteFailed, type WriterAnswer } from './writer-words.ts'

export type BesidePlace = {
  readonly file: string
  readonly prepare: ReturnType<typeof statementCache>
  readonly write: (calls: readonly (readonly Statement[])[], durability: Durability) => (Failure | null)[]
}

export async function perform(module: string, place: BesidePlace): Promise<WriterAnswer> {
  try {
    const job: { perform(store: Beside): Promise<unknown> } = await import(module)
    return { type: 'done', answer: await job.perform(besideOf(place)), failure: null }
  } catch (error) {
    const thrown = error instanceof PlimsollError ? (error.cause ?? error) : error
    return { type: 'done', answer: null, failure: failureOf(thrown) }
  }
}

/** What a job reads and writes with: all of it in this thread. */
const besideOf = ({ file, prepare, write }: BesidePlace): Beside => ({
  read: async <Row>(sql: string, parameters: readonly Value[] = []) =>
    prepare(sql).all(...storable(parameters)) as Row[],
  write: async (statements, durability = 'full') => {
    const [failure] = write([statements], durability)
    if (failure) throw storeError(file, failure, new WriteFailed(failure))
  },
})
