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

/** May it be deployed (the run, or a task of it), or may the run be undone? */
export type ApprovalAbout = 'deploy' | 'rollback'

export type AskedApproval = {
  readonly runId: string
  readonly about: ApprovalAbout
  /** Null: the run itself. */
  readonly task: string | null
  readonly askedAtMs: number
  /** Null until somebody has answered. */
  readonly answer: Approval | null
}

export type ApprovalAnswer = Approval & {
  readonly runId: string
  /** Default `deploy`. */
  readonly about?: ApprovalAbout
  readonly note: AuditNote
}

type Row = {
  readonly run_id: string
  readonly about: ApprovalAbout
  readonly task: string
  readonly asked_ms: number
  readonly answer: Approval['answer'] | null
  readonly answered_ms: number | null
  readonly answered_by: string | null
  readonly reason: string | null
}
const columns = 'run_id, about, task, asked_ms, answer, answered_ms, answered_by, reason'

/** In the order in which they were asked. */
export async function readApprovals(store: Store, runId: string): Promise<readonly AskedApproval[]> {
  const rows = await store.read<Row>(
    `select ${columns} from approvals where run_id = ?1 order by asked_ms, about, task limit ${mostRows}`,
    [runId],
  )
  return rows.map(approvalOf)
}

/** Of all runs, the newest first. */
export async function readOpenApprovals(store: Store): Promise<readonly AskedApproval[]> {
  const rows = await store.read<Row>(
    `select ${columns} from approvals where answer is null order by asked_ms desc, run_id, about, task limit 1000`,
  )
  return rows.map(approvalOf)
}

function approvalOf(row: Row): AskedApproval {
  const task = row.task === '' ? null : row.task
  const { answer, answered_ms: atMs, answered_by: by, reason } = row
  return {
    runId: row.run_id,
    about: row.about,
    task,
    askedAtMs: row.asked_ms,
    answer: answer === null ? null : { task, answer, by: by ?? '', atMs: atMs ?? 0, reason },
  }
}

type Question = Pick<AskedApproval, 'runId' | 'task'> & { readonly about?: ApprovalAbout | undefined }

/** Asked again, it stays as it is. */
export const asking = ({ runId, about = 'deploy', task }: Question, atMs: number): Statement => ({
  sql: `insert into approvals (run_id, about, task, asked_ms) values (?1, ?2, ?3, ?4)
    on conflict (run_id, about, task) do nothing`,
  parameters: [runId, about, task ?? '', Math.round(atMs)],
})

/** What was answered stays. */
export const withdrawing = (runId: string, task: string): Statement => ({
  sql: `delete from approvals where run_id = ?1 and about = 'deploy' and task = ?2 and answer is null`,
  parameters: [runId, task],
})

/** A consent to undo a run holds until it is undone, a denial until it was told. */
export const forgettingDenial = (runId: string): Statement => ({
  sql: `delete from approvals where run_id = ?1 and about = 'rollback' and answer = 'denied'`,
  parameters: [runId],
})

/** Also of what will only ask later. @throws APPROVAL_UNASKED when somebody was faster. */
export async function writeAnswer(store: Store, given: ApprovalAnswer, write: Store['write']): Promise<void> {
  const { runId, about = 'deploy', task, answer, by, atMs, reason, note } = given
  const answering: Statement = {
    sql: `update approvals set answer = ?4, answered_ms = ?5, answered_by = ?6, reason = ?7
      where run_id = ?1 and about = ?2 and task = ?3 and answer is null`,
    parameters: [
      ...[runId, about, task ?? '', answer, Math.round(atMs), by],
      reason === null ? null : boundedText(reason, longestReason),
    ],
    expectRows: 1,
  }
  try {
    await writeNoted(store, [note], { write, statements: [asking(given, atMs), answering] })
  } catch (cause) {
    const all = isConflict(cause) ? await readApprovals(store, runId) : []
    const before = all.find((one) => one.task === task && one.about === about)?.answer
    if (!before) throw cause
    throw new PlimsollError('APPROVAL_UNASKED', `${before.by} has ${before.answer} it already`, { cause })
  }
}
