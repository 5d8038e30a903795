/** Questions to a person, and the answers: each is answered once, by whoever is first. */
import { PlimsollError } from '../errors.ts'
import type { Approval } from '../spine.ts'
import type { Statement, Store } from '../store/store.ts'
import { writeNoted } from './audit.ts'
import type { AuditNote } from './audit-words.ts'
import { boundedText } from './bounded-json.ts'
import { isConflict } from './lease.ts'

const mostRows = 100_000
const longestReason = 1_000

export type AskedApproval = {
  readonly runId: string
  /** Null: the run itself. */
  readonly task: string | null
  readonly askedAtMs: number
  /** Null until somebody has answered. */
  readonly answer: Approval | null
}

export type ApprovalAnswer = Approval & { readonly runId: string; readonly note: AuditNote }

type Row = {
  readonly run_id: string
  readonly task: string
  readonly asked_ms: number
  readonly answer: Approval['answer'] | null
  readonly answered_ms: number | null
  readonly answered_by: string | null
  readonly reason: string | null
}
const columns = 'run_id, task, asked_ms, answer, answered_ms, answered_by, reason'

/** In the order in which they were asked. */
export async function readApprovals(store: Store, runId: string): Promise<readonly AskedApproval[]> {
  const rows = await store.read<Row>(
    `select ${columns} from approvals where run_id = ?1 order by asked_ms, task limit ${mostRows}`,
    [runId],
  )
  return rows.map(approvalOf)
}

/** Of all runs, the newest first. */
export async function readOpenApprovals(store: Store): Promise<readonly AskedApproval[]> {
  const rows = await store.read<Row>(
    `select ${columns} from approvals where answer is null order by asked_ms desc, run_id, task limit 1000`,
  )
  return rows.map(approvalOf)
}

function approvalOf(row: Row): AskedApproval {
  const task = row.task === '' ? null : row.task
  const { answer, answered_ms: atMs, answered_by: by, reason } = row
  return {
    runId: row.run_id,
    task,
    askedAtMs: row.asked_ms,
    answer: answer === null ? null : { task, answer, by: by ?? '', atMs: atMs ?? 0, reason },
  }
}

/** Asked again, it stays as it is. */
export const asking = (runId: string, task: string | null, atMs: number): Statement => ({
  sql: `insert into approvals (run_id, task, asked_ms) values (?1, ?2, ?3)
    on conflict (run_id, task) do nothing`,
  parameters: [runId, task ?? '', Math.round(atMs)],
})

/** Also of what will only ask later. @throws APPROVAL_UNASKED when somebody was faster. */
export async function writeAnswer(store: Store, given: ApprovalAnswer, write: Store['write']): Promise<void> {
  const { runId, task, answer, by, atMs, reason, note } = given
  const answering: Statement = {
    sql: `update approvals set answer = ?3, answered_ms = ?4, answered_by = ?5, reason = ?6
      where run_id = ?1 and task = ?2 and answer is null`,
    parameters: [
      ...[runId, task ?? '', answer, Math.round(atMs), by],
      reason === null ? null : boundedText(reason, longestReason),
    ],
    expectRows: 1,
  }
  try {
    await writeNoted(store, [note], { write, statements: [asking(runId, task, atMs), answering] })
  } catch (cause) {
    const all = isConflict(cause) ? await readApprovals(store, runId) : []
    const before = all.find((one) => one.task === task)?.answer
    if (!before) throw cause
    throw new PlimsollError('APPROVAL_UNASKED', `${before.by} has ${before.answer} it already`, { cause })
  }
}
