/** The engines that had a run, one after the other. */
import type { Statement, Store } from '../store/store.ts'
import type { OpenedRun, RunEngine } from './words.ts'

/** Far above how often a run is gone on with; a bound all the same. */
const mostEngines = 10_000

/** In the same write in which the engine gets the run. */
export function enlisting({
  runId,
  host,
  engine,
  pidNamespace = null,
}: Pick<OpenedRun, 'runId' | 'host' | 'engine' | 'pidNamespace'>): Statement {
  return {
    sql: `insert into engines (run_id, number, host, pid, start_ticks, boot_id, pid_namespace, token)
      select ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7 from engines where run_id = ?1`,
    parameters: [runId, host, engine.pid, engine.startTicks, engine.bootId, pidNamespace, engine.token],
  }
}

type Row = {
  readonly number: number
  readonly host: string
  readonly pid: number
  readonly start_ticks: number | null
  readonly boot_id: string | null
  readonly pid_namespace: string | null
  readonly token: string
}

export async function readEngines(store: Store, runId: string): Promise<readonly RunEngine[]> {
  const rows = await store.read<Row>(
    `select number, host, pid, start_ticks, boot_id, pid_namespace, token from engines
     where run_id = ?1 order by number desc limit ${mostEngines}`,
    [runId],
  )
  return rows.map((row) => ({
    number: row.number,
    host: row.host,
    pidNamespace: row.pid_namespace,
    identity: { pid: row.pid, startTicks: row.start_ticks, bootId: row.boot_id, token: row.token },
  }))
}
