/** What an engine and its threads say to each other: flat lists, because a list is copied faster than an object. */
import type { MessagePort } from 'node:worker_threads'

/** Jobs that may be sent to one thread ahead of their turn, the running one included. */
export const mostAhead = 32

/** A sent job has a slot of shared memory; whoever changes it from `ready` decides what happens to the job. */
export const slotReady = 0
export const slotStarted = 1
export const slotTakenBack = 2

export type ThreadData = { readonly port: MessagePort; readonly slots: Int32Array }

/**
 * Any number of jobs of six entries: slot, module, export, argument, environment or null, whether its output is heard.
 * Or that the running job is to stop. Or how many bytes of output were taken.
 */
export type ToThread = readonly unknown[] | 'stop' | number

export const answeredValue = 0
export const answeredFault = 1
/** The job had been taken back. */
export const answeredSkipped = 2

/** Output, in the same channel as the answers, so that it comes before them. */
export type FromThread = Answer | Uint8Array

export type Answer = readonly [
  slot: number,
  how: typeof answeredValue | typeof answeredFault | typeof answeredSkipped,
  what: unknown,
  cpuMs: number,
  durationMs: number,
  busyShare: number,
  heapGrowthBytes: number,
  /** Used by the thread's heap and by buffers outside of it. */
  heapBytes: number,
  leftRunning: boolean,
]
