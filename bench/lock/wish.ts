import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { identify } from '../../src/memory/memory.ts'

/** Who wants which lock. `isElsewhere`: in the name of a process of another machine, of which nobody here can prove anything. */
export function wishOf(environment: string, isElsewhere = false) {
  const runId = randomUUID()
  const engine = identify(process.pid, runId)
  return {
    ...{ plan: 'shop', environment, runId },
    ...(isElsewhere
      ? { host: 'elsewhere', engine: { ...engine, bootId: randomUUID() } }
      : { host: hostname(), engine }),
  }
}
