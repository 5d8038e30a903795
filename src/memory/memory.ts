/**
 * Memory: how much this process may use and uses (`MemoryMonitor`), what is set aside for running tasks (`Ledger`),
 * what a task's process tree really takes (`TreeWatcher`), and which processes belong to a task (`ProcessFinder`,
 * `identify`). What a task may be held to is a control group (`TaskGroups`) where the system allows it, and what stops
 * one for a while is the `Suspender`; it starts no task, and decides about none. Sizes are bytes.
 */
import { PlimsollError } from '../errors.ts'
import { MemoryMonitor } from './monitor.ts'

export { collectGarbage, giveBackMemory, heapBytes } from './collect.ts'
export {
  type Estimate,
  type EstimatedTask,
  Estimates,
  type PeakRecord,
  raiseFactor,
  recordsPerTask,
  type Seen,
} from './estimates.ts'
export { groupVersionHere } from './group-version.ts'
export { Guard, type GuardedTask, type GuardView } from './guard.ts'
export { KernelKills } from './kernel-kills.ts'
export { type Admission, Ledger, type Reservation } from './ledger.ts'
export type { MemoryLevel } from './levels.ts'
export { MemoryMonitor, type MemoryReading, type MonitorOptions } from './monitor.ts'
export { endBeforeUs, oomScoreOfTasks } from './oom-score.ts'
export { ownMemoryBytes } from './own-memory.ts'
export type { PressureLevel } from './pressure.ts'
export { ProcessFinder, tokenVariable } from './process-finder.ts'
export {
  ageOf,
  currentBootId,
  hasProvablyEnded,
  identify,
  isSameProcess,
  ownsSession,
  pidNamespace,
} from './process-identity.ts'
export { forgetPeak } from './process-memory.ts'
export { type MemoryProfile, ProfileRecorder } from './profile.ts'
export type { MemorySample, MemorySamples, SampleOptions } from './samples.ts'
export type { MemoryStalls, Stall, StallTimes } from './stalls.ts'
export { Suspender } from './suspender.ts'
export type { TaskGroup } from './task-group.ts'
export { type EnforcementHere, enforcementHere, TaskGroups } from './task-groups.ts'
export type { TaskScope } from './task-scope.ts'
export { type TreeWatch, TreeWatcher, type TreeWatcherOptions } from './tree-watcher.ts'

/**
 * True when more memory is in use than the load line allows, on the machine or in any control group around us. 35 us
 * with a monitor of your own; without one the files are opened and closed each time (155 us).
 * @throws OPTION_INVALID for what is no monitor: options would count for nothing here
 */
export function checkMemoryPressure(monitor?: MemoryMonitor): boolean {
  if (monitor === undefined) {
    using own = new MemoryMonitor()
    return isAboveLine(own)
  }
  if (typeof monitor?.read === 'function') return isAboveLine(monitor)
  throw new PlimsollError(
    'OPTION_INVALID',
    'checkMemoryPressure takes a MemoryMonitor, which has the options',
  )
}

function isAboveLine(monitor: MemoryMonitor): boolean {
  const { usedBytes, loadLineBytes } = monitor.read()
  return usedBytes > loadLineBytes
}
