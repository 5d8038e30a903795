/** One lock as the store keeps it. Every change names the row that it was decided on, or changes nothing. */
import type { ProcessIdentity } from '../spine.ts'
import type { Statement, Store } from '../store/store.ts'

/** What is locked. */
export type LockName = { readonly plan: string; readonly environment: string | null }

export type LockHolder = {
  readonly runId: string
  readonly host: string
  readonly engine: ProcessIdentity
  /** Null where it is not known. */
  readonly pidNamespace: string | null
  /** By the holder's wall clock. */
  readonly acquiredAtMs: number
  /** By the holder's wall clock, unless it renews it. */
  readonly expiresAtMs: number
}

export type LockState = {
  readonly fence: number
  readonly beat: number
  /** Null while the lock is free. */
  readonly holder: LockHolder | null
}

type Row = {
  readonly fence: number
  readonly beat: number
  readonly run_id: string | null
  readonly host: string | null
  readonly pid: number | null
  readonly start_ticks: number | null
  readonly boot_id: string | null
  readonly pid_namespace: string | null
  readonly token: string | null
  readonly acquired_ms: number | null
  readonly expires_ms: number | null
}

/** A plan without environments has one lock. */
const keyOf = ({ plan, environment }: LockName) => [plan, environment ?? ''] as const

const untouched: LockState = { fence: 0, beat: 0, holder: null }

export async function readLock(store: Store, name: LockName): Promise<LockState> {
  const [row] = await store.read<Row>(
    `select fence, beat, run_id, host, pid, start_ticks, boot_id, pid_namespace, token, acquired_ms, expires_ms
     from locks where plan = ?1 and environment = ?2`,
    keyOf(name),
  )
  return row === undefined ? untouched : { fence: row.fence, beat: row.beat, holder: holderOf(row) }
}

function holderOf(row: Row): LockHolder | null {
  const { run_id: runId, host, pid, token } = row
  if (runId === null || host === null || pid === null || token === null) return null
  return {
    runId,
    host,
    engine: { pid, startTicks: row.start_ticks, bootId: row.boot_id, token },
    pidNamespace: row.pid_namespace,
    acquiredAtMs: row.acquired_ms ?? 0,
    expiresAtMs: row.expires_ms ?? 0,
  }
}

/** Of each run that holds a lock: when it last gave a sign of life, by the wall clock of its machine. At most 10,000. */
export async function readSigns(store: Store, leaseMs: number): Promise<ReadonlyMap<string, number>> {
  const rows = await store.read<{ readonly run_id: string; readonly expires_ms: number }>(
    'select run_id, expires_ms from locks where run_id is not null limit 10000',
  )
  return new Map(rows.map((row) => [row.run_id, row.expires_ms - leaseMs]))
}

/** Makes `holder` the owner; STORE_CONFLICT when the row is not as it was seen any more. The fence is one more then. */
export function taking(name: LockName, seen: LockState, holder: LockHolder): readonly Statement[] {
  const { engine } = holder
  return [
    {
      sql: `insert into locks (plan, environment, fence, beat) values (?1, ?2, 0, 0)
        on conflict (plan, environment) do nothing`,
      parameters: keyOf(name),
    },
    {
      sql: `update locks set fence = fence + 1, beat = 0, run_id = ?5, host = ?6, pid = ?7, start_ticks = ?8,
          boot_id = ?9, pid_namespace = ?10, token = ?11, acquired_ms = ?12, expires_ms = ?13
        where plan = ?1 and environment = ?2 and fence = ?3 and beat = ?4`,
      parameters: [
        ...[...keyOf(name), seen.fence, seen.beat, holder.runId, holder.host, engine.pid, engine.startTicks],
        ...[engine.bootId, holder.pidNamespace, engine.token],
        ...[Math.round(holder.acquiredAtMs), Math.round(holder.expiresAtMs)],
      ],
      expectRows: 1,
    },
  ]
}

/** STORE_CONFLICT when another one has taken it. */
export function renewing(name: LockName, fence: number, expiresAtMs: number): Statement {
  return {
    sql: `update locks set beat = beat + 1, expires_ms = ?4
      where plan = ?1 and environment = ?2 and fence = ?3`,
    parameters: [...keyOf(name), fence, Math.round(expiresAtMs)],
    expectRows: 1,
  }
}

const setFree = `run_id = null, host = null, pid = null, start_ticks = null, boot_id = null, pid_namespace = null,
  token = null, acquired_ms = null, expires_ms = null`

/** The owner gives it back. Its number stays good for what it still has to write. */
export function releasing(name: LockName, fence: number): Statement {
  return {
    sql: `update locks set beat = beat + 1, ${setFree} where plan = ?1 and environment = ?2 and fence = ?3`,
    parameters: [...keyOf(name), fence],
  }
}

/** Takes it away from the owner that was seen, who may write no more from now on. STORE_CONFLICT when that changed. */
export function breaking(name: LockName, fence: number): Statement {
  return {
    sql: `update locks set fence = fence + 1, beat = 0, ${setFree}
      where plan = ?1 and environment = ?2 and fence = ?3`,
    parameters: [...keyOf(name), fence],
    expectRows: 1,
  }
}

/** Changes nothing; STORE_CONFLICT when another one has taken the lock. Nobody can take it before this write is over. */
export function guarding(name: LockName, fence: number): Statement {
  return {
    sql: 'update locks set fence = fence where plan = ?1 and environment = ?2 and fence = ?3',
    parameters: [...keyOf(name), fence],
    expectRows: 1,
  }
}
