/** Resident memory of one process, now and at its greatest, through a descriptor that stays open. */
import { join } from 'node:path'
import { type KeptFile, keepFile } from './kept-file.ts'

/** Open descriptors for all trees together; processes above that are opened and closed at each reading. */
const mostKeptFiles = 512
let keptFiles = 0

export type MemoryOfProcess = { readonly residentBytes: number; readonly peakBytes: number }

/**
 * The descriptor belongs to the process, not to its pid: after the end a reading fails, even if the pid is used again.
 * /proc/PID/status has both numbers; statm alone is cheaper by 3 us but lacks the peak.
 */
