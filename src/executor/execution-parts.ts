import type { Clock } from '../clock.ts'
import type { Ledger, Reservation } from '../memory/memory.ts'
import type { Admission } from './admission.ts'
import type { Graph } from './graph.ts'
import type { Places } from './places.ts'
import type { Tally } from './tally.ts'
import type { ExecutorEvent } from './words.ts'
import type { Workers } from './workers.ts'

/** What one graph on its way through the executor is made of. */
export type ExecutionParts<Value> = {
  readonly graph: Graph
  readonly clock: Clock
  readonly admission: Admission
  readonly ledger: Ledger
  readonly guess: (nowMs: number) => Reservation
  readonly tally: Tally
  readonly call: Workers['call']
  readonly places: Places
  readonly signal?: AbortSignal
  readonly failFast?: boolean
  readonly onEvent?: (event: ExecutorEvent<Value>) => void | Promise<void>
}
