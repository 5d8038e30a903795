/** What each kind of event changes in the tables, beside the event itself. */
import type { DeployEvent } from '../spine.ts'
import type { Statement, Value } from '../store/store.ts'
import { boundedJson, boundedText } from './bounded-json.ts'
import { forgetDone } from './done-rows.ts'

/** UTF-16 units of a message or of the last lines of an output in its own column. */
const longestText = 8192

type Kept = Exclude<DeployEvent, { readonly type: 'memory' }>
type RowsOf = {
  readonly [Type in Kept['type']]: (event: Extract<Kept, { type: Type }>) => readonly Statement[]
}

const statement = (sql: string, ...parameters: readonly Value[]): Statement => ({ sql, parameters })
const whole = (ms: number | null): number | null => (ms === null ? null : Math.round(ms))

const rowsOf: RowsOf = {
  'run-started': (event) => [
    statement(
      'update runs set capacity_bytes = ?2, load_line_bytes = ?3 where id = ?1',
      ...[event.runId, whole(event.capacityBytes), whole(event.loadLineBytes)],
    ),
  ],

  'run-waiting': () => [],
  'run-resumed': (event) => [
    statement(
      'update runs set capacity_bytes = ?2, load_line_bytes = ?3 where id = ?1',
      ...[event.runId, whole(event.capacityBytes), whole(event.loadLineBytes)],
    ),
  ],

  'task-waiting': (event) => [
    statement(
      `insert into tasks (run_id, phase, task, status, wait_reason, wait_message)
       values (?1, ?2, ?3, 'waiting', ?4, ?5)
       on conflict (run_id, phase, task) do update set
         status = excluded.status, wait_reason = excluded.wait_reason, wait_message = excluded.wait_message`,
      ...[event.runId, event.phase, event.task, event.reason, boundedText(event.message, longestText)],
    ),
  ],

  'task-started': (event) => [
    statement(
      `insert into tasks (run_id, phase, task, status, started_ms, reserved_bytes)
       values (?1, ?2, ?3, 'running', ?4, ?5)
       on conflict (run_id, phase, task) do update set
         status = excluded.status, started_ms = excluded.started_ms, reserved_bytes = excluded.reserved_bytes`,
      ...[event.runId, event.phase, event.task, whole(event.atMs), whole(event.reservedBytes)],
    ),
    forgetDone(event.runId, event.task),
  ],

  'task-guarded': () => [],

  // An engine that goes on with a run of another one may open an attempt again.
  'attempt-opened': (event) => [
    statement(
      'delete from attempts where run_id = ?1 and phase = ?2 and task = ?3 and attempt = ?4',
      ...[event.runId, event.phase, event.task, event.attempt],
    ),
    statement(
      `insert into attempts (run_id, phase, task, attempt, kind, token, log, status, opened_ms, host, boot_id, engine)
       values (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'open', ?8, ?9, ?10,
         (select coalesce(max(number), 0) from engines where run_id = ?1))`,
      ...[event.runId, event.phase, event.task, event.attempt],
      ...[event.kind, event.token, event.log, whole(event.atMs), event.host ?? null, event.bootId ?? null],
    ),
  ],

  'attempt-identified': (event) => {
    const { runId, phase, task, attempt, identity, atMs } = event
    const process = [identity.pid, identity.startTicks, identity.bootId]
    const attempted = statement(
      `update attempts set pid = ?5, start_ticks = ?6, boot_id = ?7
       where run_id = ?1 and phase = ?2 and task = ?3 and attempt = ?4`,
      ...[runId, phase, task, attempt],
      ...process,
    )
    const left = statement(
      `insert into services (token, run_id, phase, task, attempt, started_ms, pid, start_ticks, boot_id)
       values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
       on conflict (token) do update set
         pid = excluded.pid, start_ticks = excluded.start_ticks, boot_id = excluded.boot_id`,
      ...[identity.token, runId, phase, task, attempt, whole(atMs)],
      ...process,
    )
    return event.service ? [attempted, left] : [attempted]
  },

  'attempt-ended': ({ runId, phase, task, attempt, result, nextInMs, atMs }) => [
    statement(
      `update attempts set
         status = ?5, ended_ms = ?6, duration_ms = ?7, cpu_ms = ?8, peak_lower_bytes = ?9, peak_upper_bytes = ?10,
         enforcement = ?11, exit_code = ?12, next_in_ms = ?13, error_code = ?14, error_message = ?15,
         error_fix = ?16, leftovers = ?17, outputs = ?18, last_output = ?19
       where run_id = ?1 and phase = ?2 and task = ?3 and attempt = ?4`,
      ...[runId, phase, task, attempt, result.error === null ? 'succeeded' : 'failed', whole(atMs)],
      ...[whole(result.durationMs), whole(result.cpuMs)],
      ...[whole(result.peakMemoryBytes.lower), whole(result.peakMemoryBytes.upper)],
      ...[result.enforcement, result.exitCode, whole(nextInMs), result.error?.code ?? null],
      result.error === null ? null : boundedText(result.error.message, longestText),
      result.error === null ? null : boundedText(result.error.fix, longestText),
      ...[boundedJson(result.leftovers), boundedJson(result.outputs)],
      result.error === null ? null : boundedText(result.lastOutput, longestText),
    ),
  ],

  'task-ended': ({ runId, phase, task, report, atMs }) => [
    statement(
      `insert into tasks (run_id, phase, task, status, ended_ms, attempts, duration_ms, waited_ms, reserved_bytes,
         peak_lower_bytes, peak_upper_bytes, enforcement, suspended_ms, requeues, cpu_ms, exit_code, error_code,
         wait_reasons, report)
       values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
       on conflict (run_id, phase, task) do update set
         status = excluded.status, ended_ms = excluded.ended_ms, attempts = excluded.attempts,
         duration_ms = excluded.duration_ms, waited_ms = excluded.waited_ms,
         reserved_bytes = excluded.reserved_bytes, peak_lower_bytes = excluded.peak_lower_bytes,
         peak_upper_bytes = excluded.peak_upper_bytes, enforcement = excluded.enforcement,
         suspended_ms = excluded.suspended_ms, requeues = excluded.requeues, cpu_ms = excluded.cpu_ms,
         exit_code = excluded.exit_code, error_code = excluded.error_code,
         wait_reasons = excluded.wait_reasons, report = excluded.report`,
      ...[runId, phase, task, report.status, whole(atMs), report.attempts],
      ...[whole(report.durationMs), whole(report.waitedMs), whole(report.reservedBytes)],
      ...[whole(report.peakMemoryBytes.lower), whole(report.peakMemoryBytes.upper), report.enforcement],
      ...[whole(report.suspendedMs), report.requeues, whole(report.cpuMs), report.exitCode],
      ...[report.error?.code ?? null, boundedJson(report.waitReasons), boundedJson(report)],
    ),
  ],

  'undo-started': ({ runId, because }) => [
    statement(
      'update runs set undo_because = ?2 where id = ?1',
      ...[runId, boundedText(because, longestText)],
    ),
  ],
  warning: () => [],
  stopping: () => [],
}

/** The database counts: order of commits is order of events, and a resumed run goes on where it was. */
const appendEvent = `
  insert into events (run_id, seq, at_ms, type, body)
  select ?1, coalesce(max(seq), 0) + 1, ?2, ?3, ?4 from events where run_id = ?1`

/** All that one event writes; nothing for events that are not kept. */
export function statementsOf(event: DeployEvent): readonly Statement[] {
  if (event.type === 'memory') return []
  // Type and function come from the same entry, which TypeScript cannot follow through a union.
  const rows = rowsOf[event.type] as (event: Kept) => readonly Statement[]
  const kept = statement(appendEvent, event.runId, Math.round(event.atMs), event.type, boundedJson(event))
  return [kept, ...rows(event)]
}
