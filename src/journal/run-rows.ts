/** Runs: how they are written, found and read back. */
import { PlimsollError } from '../errors.ts'
import { nearestName } from '../nearest.ts'
import type { Plan, Report, RunStatus } from '../spine.ts'
import type { Statement, Store } from '../store/store.ts'
import type { OpenedRun, ResumedRun, RunOptions, RunRecord, RunSummary } from './words.ts'

/** A page of runs, and how many ids a mistyped one is compared with. */
const mostRuns = 1_000
const comparedIds = 100

type SummaryRow = {
  readonly id: string
  readonly plan: string
  readonly version: string
  readonly environment: string | null
  readonly file: string
  readonly digest: string
  readonly host: string
  readonly task_count: number
  readonly status: RunStatus | 'running'
  readonly started_ms: number
  readonly ended_ms: number | null
  readonly duration_ms: number | null
  readonly peak_memory_bytes: number | null
  readonly engine_pid: number
  readonly engine_start_ticks: number | null
  readonly engine_boot_id: string | null
  readonly engine_token: string
  readonly engine_pid_namespace: string | null
}
const summaryColumns = `id, plan, version, environment, file, digest, host, task_count, status, started_ms, ended_ms,
  duration_ms, peak_memory_bytes, engine_pid, engine_start_ticks, engine_boot_id, engine_token, engine_pid_namespace`

type RecordRow = SummaryRow & {
  readonly capacity_bytes: number | null
  readonly load_line_bytes: number | null
  readonly definition: string
  readonly report: string | null
  readonly options: string | null
  readonly undo_because: string | null
}
const recordColumns = `${summaryColumns}, capacity_bytes, load_line_bytes, definition, report, options, undo_because`

/** Of runs that an earlier version recorded. */
const usualOptions: RunOptions = { failFast: false, undo: true, force: false }

export function openingOf({
  runId,
  plan,
  startedAtMs,
  engine,
  pidNamespace = null,
  host,
  options,
}: OpenedRun): Statement {
  return {
    sql: `insert into runs (id, plan, version, environment, file, digest, host, task_count, status, started_ms,
        engine_pid, engine_start_ticks, engine_boot_id, engine_token, definition, options, engine_pid_namespace, opened)
      values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'running', ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
        (select coalesce(max(opened), 0) + 1 from runs))`,
    parameters: [
      ...[runId, plan.name, plan.version, plan.environment, plan.file, plan.digest, host, plan.tasks.length],
      ...[Math.round(startedAtMs), engine.pid, engine.startTicks, engine.bootId, engine.token],
      ...[JSON.stringify(plan), JSON.stringify(options ?? usualOptions), pidNamespace],
    ],
  }
}

/** One write: an engine that is killed right after it has taken over has lost nothing. */
export function takingOver(run: ResumedRun): readonly Statement[] {
  const { runId, plan, engine, pidNamespace = null, host, options = usualOptions } = run
  const { previousToken, forget, isUndo, asksAgain } = run
  const take: Statement = {
    sql: `update runs set status = 'running', ended_ms = null, duration_ms = null, report = null,
        engine_pid = ?3, engine_start_ticks = ?4, engine_boot_id = ?5, engine_token = ?6, host = ?7,
        version = ?8, file = ?9, digest = ?10, task_count = ?11, definition = ?12,
        options = ?13, engine_pid_namespace = ?14
      where id = ?1 and engine_token = ?2`,
    parameters: [
      ...[runId, previousToken, engine.pid, engine.startTicks, engine.bootId, engine.token, host],
      ...[
        plan.version,
        plan.file,
        plan.digest,
        plan.tasks.length,
        JSON.stringify(plan),
        JSON.stringify(options),
        pidNamespace,
      ],
    ],
    expectRows: 1,
  }
  const anew: Statement = { sql: 'update runs set undo_because = null where id = ?1', parameters: [runId] }
  const forgetting = forget.map(({ phase, task }) => ({ sql: forgetEnd, parameters: [runId, phase, task] }))
  const unanswer: Statement = {
    sql: 'delete from approvals where run_id = ?1 and answer is not null',
    parameters: [runId],
  }
  // It was given for the run as it stood.
  const useConsent: Statement = {
    sql: `delete from approvals where run_id = ?1 and about = 'rollback'`,
    parameters: [runId],
  }
  return [take, useConsent, ...(isUndo ? [] : [anew]), ...(asksAgain ? [unanswer] : []), ...forgetting]
}

const forgetEnd = `
  update tasks set status = 'waiting', ended_ms = null, report = null, past_attempts = coalesce(
    (select max(attempt) from attempts a
     where a.run_id = tasks.run_id and a.phase = tasks.phase and a.task = tasks.task and a.status <> 'open'), 0)
  where run_id = ?1 and phase = ?2 and task = ?3`

export function closingOf(report: Report): Statement {
  return {
    sql: `update runs set status = ?2, ended_ms = ?3, duration_ms = ?4, peak_memory_bytes = ?5, report = ?6
      where id = ?1`,
    parameters: [
      ...[report.runId, report.status, Math.round(report.atMs), Math.round(report.durationMs)],
      ...[Math.round(report.peakMemoryBytes), JSON.stringify(report)],
    ],
  }
}

export async function listRuns(
  store: Store,
  { limit, before }: { readonly limit: number; readonly before?: string },
): Promise<readonly RunSummary[]> {
  const most = Math.max(0, Math.min(limit, mostRuns))
  if (before === undefined) {
    const rows = await store.read<SummaryRow>(
      `select ${summaryColumns} from runs order by opened desc, id desc limit ?1`,
      [most],
    )
    return rows.map(summaryOf)
  }
  const { runId } = await findRun(store, before)
  const rows = await store.read<SummaryRow>(
    `select ${summaryColumns} from runs
     where (opened, id) < ((select opened from runs where id = ?1), ?1)
     order by opened desc, id desc limit ?2`,
    [runId, most],
  )
  return rows.map(summaryOf)
}

export async function findRun(store: Store, idOrPrefix: string): Promise<RunRecord> {
  const id = idOrPrefix === 'last' ? await lastId(store) : await idBeginningWith(store, idOrPrefix)
  const [row] = await store.read<RecordRow>(`select ${recordColumns} from runs where id = ?1`, [id])
  if (row === undefined) throw new PlimsollError('RUN_UNKNOWN', `run "${id}" was removed just now`)
  return recordOf(row)
}

/** A run that is not over is the last one whatever the clocks said: the lock lets no other begin before it is. */
export async function findLastRun(
  store: Store,
  plan: string,
  environment: string | null,
): Promise<RunRecord | null> {
  const [row] = await store.read<RecordRow>(
    `select ${recordColumns} from runs where plan = ?1 and coalesce(environment, '') = ?2
     order by case when report is null then 0 else 1 end, opened desc, id desc limit 1`,
    [plan, environment ?? ''],
  )
  return row === undefined ? null : recordOf(row)
}

async function lastId(store: Store): Promise<string> {
  const [row] = await store.read<{ id: string }>('select id from runs order by opened desc, id desc limit 1')
  if (row === undefined) throw new PlimsollError('RUN_UNKNOWN', 'no run is recorded yet')
  return row.id
}

/** An id that is itself the beginning of another is found by its whole length. */
async function idBeginningWith(store: Store, prefix: string): Promise<string> {
  if (prefix === '') throw new PlimsollError('RUN_UNKNOWN', 'the id of the run is empty')
  const rows = await store.read<{ id: string }>(
    'select id from runs where substr(id, 1, length(?1)) = ?1 order by id limit 4',
    [prefix],
  )
  const [first, second] = rows
  if (first === undefined) throw await unknownRun(store, prefix)
  if (second === undefined || first.id === prefix) return first.id
  const shown = rows.map((row) => row.id).slice(0, 3)
  const list = `${shown.join(', ')}${rows.length > shown.length ? ', ...' : ''}`
  throw new PlimsollError('RUN_UNKNOWN', `"${prefix}" is the beginning of more than one run: ${list}`, {
    fix: 'Write more letters of the one you mean',
  })
}

async function unknownRun(store: Store, wanted: string): Promise<PlimsollError> {
  const rows = await store.read<{ id: string }>(
    'select id from runs order by opened desc, id desc limit ?1',
    [comparedIds],
  )
  const nearest = nearestName(
    wanted,
    rows.map((row) => row.id),
  )
  const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`
  return new PlimsollError('RUN_UNKNOWN', `no run "${wanted}" is recorded${hint}`)
}

function summaryOf(row: SummaryRow): RunSummary {
  return {
    runId: row.id,
    plan: row.plan,
    version: row.version,
    environment: row.environment,
    file: row.file,
    digest: row.digest,
    host: row.host,
    taskCount: row.task_count,
    status: row.status,
    engine: {
      pid: row.engine_pid,
      startTicks: row.engine_start_ticks,
      bootId: row.engine_boot_id,
      token: row.engine_token,
    },
    pidNamespace: row.engine_pid_namespace,
    startedAtMs: row.started_ms,
    endedAtMs: row.ended_ms,
    durationMs: row.duration_ms,
    peakMemoryBytes: row.peak_memory_bytes,
  }
}

const recordOf = (row: RecordRow): RunRecord => ({
  ...summaryOf(row),
  capacityBytes: row.capacity_bytes,
  loadLineBytes: row.load_line_bytes,
  definition: JSON.parse(row.definition) as Plan,
  report: row.report === null ? null : (JSON.parse(row.report) as Report),
  options: row.options === null ? usualOptions : (JSON.parse(row.options) as RunOptions),
  undoBecause: row.undo_because,
})
