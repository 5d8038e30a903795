import { PlimsollError } from '../errors.ts'

/** Each of them is a commit of somebody else who has got on. */
const mostConflicts = 20

/** Another process compacts or deletes: what was read may be other blocks by now, and is read again. */
export async function despiteConflicts<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let conflicts = 0; ; conflicts += 1) {
    try {
      return await work()
    } catch (error) {
      const isConflict = error instanceof PlimsollError && error.code === 'STORE_CONFLICT'
      if (!isConflict || conflicts === mostConflicts) throw error
    }
  }
}
