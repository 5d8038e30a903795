import type { Statement, Store } from '../store/store.ts'
import { type Fence, isConflict, lost } from './lease.ts'
import { guarding, readLock } from './lock-rows.ts'

/** Writes as `store.write` while nobody has taken the lock since. @throws LOCK_LOST, with nothing written. */
export function fencedWrite(store: Store, fence: Fence): Store['write'] {
  const guard = guarding(fence, fence.number)
  return async (statements: readonly Statement[]) => {
    try {
      await store.write([guard, ...statements])
    } catch (error) {
      // Another statement of the same write may have been the one that found too few rows.
      if (!isConflict(error) || (await readLock(store, fence)).fence === fence.number) throw error
      fence.onLost()
      throw lost(fence, 'another run has taken it')
    }
  }
}
