/** Tasks, attempts and services as they are read back. */
import type { ErrorCode } from '../errors.ts'
import type { AttemptResult, Enforcement, ProcessIdentity, TaskReport, WaitReason } from '../spine.ts'
import type { Store } from '../store/store.ts'
import type { AttemptRecord, ServiceRecord, TaskRecord } from './words.ts'

/** Far above what a plan can hold; a bound all the same. */
const mostRows = 100_000
const mostServices = 1_000

type TaskRow = Pick<TaskRecord, 'phase' | 'task' | 'status'> & {
  readonly started_ms: number | null
  readonly ended_ms: number | null
  readonly wait_reason: WaitReason | null
  readonly wait_message: string | null
  readonly reserved_bytes: number | null
  readonly report: string | null
  readonly past_attempts: number
}

export async function readTasks(store: Store, runId: string): Promise<readonly TaskRecord[]> {
  const rows = await store.read<TaskRow>(
    `select phase, task, status, started_ms, ended_ms, wait_reason, wait_message, reserved_bytes, report,
       past_attempts
     from tasks where run_id = ?1 order by coalesce(started_ms, ended_ms), task limit ${mostRows}`,
    [runId],
  )
  return rows.map((row) => ({
    phase: row.phase,
    task: row.task,
    status: row.status,
    startedAtMs: row.started_ms,
    endedAtMs: row.ended_ms,
    lastWait: row.wait_reason === null ? null : { reason: row.wait_reason, message: row.wait_message ?? '' },
    reservedBytes: row.reserved_bytes,
    report: row.report === null ? null : (JSON.parse(row.report) as TaskReport),
    pastAttempts: row.past_attempts,
  }))
}

type ProcessColumns = {
  readonly token: string
  readonly pid: number | null
  readonly start_ticks: number | null
  readonly boot_id: string | null
}

type AttemptRow = Pick<
  AttemptRecord,
  'phase' | 'task' | 'attempt' | 'engine' | 'kind' | 'token' | 'log' | 'status'
> &
  ProcessColumns & {
    readonly opened_ms: number
    readonly host: string | null
    readonly ended_ms: number | null
    readonly duration_ms: number | null
    readonly cpu_ms: number | null
    readonly peak_lower_bytes: number | null
    readonly peak_upper_bytes: number | null
    readonly enforcement: Enforcement | null
    readonly exit_code: number | null
    readonly next_in_ms: number | null
    readonly error_code: ErrorCode | null
    readonly error_message: string | null
    readonly error_fix: string | null
    readonly leftovers: string | null
    readonly outputs: string | null
    readonly last_output: string | null
  }

export async function readAttempts(store: Store, runId: string): Promise<readonly AttemptRecord[]> {
  const rows = await store.read<AttemptRow>(
    `select phase, task, attempt, engine, kind, token, log, status, host, opened_ms, pid, start_ticks, boot_id, ended_ms,
       duration_ms, cpu_ms, peak_lower_bytes, peak_upper_bytes, enforcement, exit_code, next_in_ms, error_code,
       error_message, error_fix, leftovers, outputs, last_output
     from attempts where run_id = ?1 order by opened_ms, phase, task, attempt limit ${mostRows}`,
    [runId],
  )
  return rows.map((row) => ({
    phase: row.phase,
    task: row.task,
    attempt: row.attempt,
    engine: row.engine,
    kind: row.kind,
    token: row.token,
    log: row.log,
    status: row.status,
    host: row.host,
    bootId: row.boot_id,
    openedAtMs: row.opened_ms,
    endedAtMs: row.ended_ms,
    identity: identityOf(row),
    result: resultOf(row),
    nextInMs: row.next_in_ms,
  }))
}

function identityOf({ token, pid, start_ticks, boot_id }: ProcessColumns): ProcessIdentity | null {
  return pid === null ? null : { pid, startTicks: start_ticks, bootId: boot_id, token }
}

function resultOf(row: AttemptRow): AttemptResult | null {
  if (row.ended_ms === null) return null
  return {
    durationMs: row.duration_ms ?? 0,
    cpuMs: row.cpu_ms,
    peakMemoryBytes: { lower: row.peak_lower_bytes ?? 0, upper: row.peak_upper_bytes },
    enforcement: row.enforcement ?? 'none',
    exitCode: row.exit_code,
    outputs: JSON.parse(row.outputs ?? '{}') as Record<string, string>,
    leftovers: JSON.parse(row.leftovers ?? '[]') as number[],
    error:
      row.error_code === null
        ? null
        : { code: row.error_code, message: row.error_message ?? '', fix: row.error_fix ?? '' },
    lastOutput: row.last_output ?? '',
  }
}

type ServiceRow = Pick<ServiceRecord, 'plan' | 'environment' | 'phase' | 'task' | 'attempt' | 'log'> &
  ProcessColumns & { readonly run_id: string; readonly pid: number; readonly started_ms: number }

export async function readServices(store: Store): Promise<readonly ServiceRecord[]> {
  const rows = await store.read<ServiceRow>(
    `select s.token, s.run_id, r.plan, r.environment, s.phase, s.task, s.attempt, s.pid, s.start_ticks, s.boot_id,
       s.started_ms, coalesce(a.log, '') as log
     from services s
     join runs r on r.id = s.run_id
     left join attempts a
       on a.run_id = s.run_id and a.phase = s.phase and a.task = s.task and a.attempt = s.attempt
     order by s.started_ms desc, s.token limit ${mostServices}`,
  )
  return rows.map((row) => ({
    runId: row.run_id,
    plan: row.plan,
    environment: row.environment,
    phase: row.phase,
    task: row.task,
    attempt: row.attempt,
    identity: { pid: row.pid, startTicks: row.start_ticks, bootId: row.boot_id, token: row.token },
    startedAtMs: row.started_ms,
    log: row.log,
  }))
}
