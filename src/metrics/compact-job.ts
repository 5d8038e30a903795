/** Compacts in the thread that writes: chunks and blocks do not leave it, and no other thread is started. */
import type { Beside } from '../store/store.ts'
import { compactSlice } from './compaction.ts'
import { Packing } from './packing.ts'

/** Jobs come one at a time. */
const packing = new Packing()

export const perform = (store: Beside): Promise<void> => compactSlice(store, packing)
