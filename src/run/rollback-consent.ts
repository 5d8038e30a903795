import type { Clock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import type { Journal, RunRecord } from '../journal/journal.ts'
import type { RunMessage } from '../spine.ts'
import { Approvals, type ApprovalWish } from './approvals.ts'
import { goesOnWithUndo } from './remains.ts'

type Asking = {
  readonly journal: Journal
  /** Of commands that people are shown. */
  readonly recordOptions: string
  readonly wish: ApprovalWish
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly onEvent: (message: RunMessage) => void | Promise<void>
}

/**
 * Waits for a person's consent to undo a run, where its environment asks for one. The run stays as it was meanwhile, and
 * nobody is kept out of it. Nobody is asked about an undo that
 * has begun, or about a run that cannot be undone yet.
 * @throws APPROVAL_NEEDED, APPROVAL_DENIED, INTERRUPTED.
 */
export async function consentToRollBack(run: RunRecord, asking: Asking): Promise<void> {
  const { runId, definition: plan } = run
  const isUnfinished = run.report === null && run.undoBecause === null
  if (!plan.approve || isUnfinished || goesOnWithUndo(run)) return
  const { journal, recordOptions, wish, clock, signal, onEvent } = asking
  const approvals: Approvals = new Approvals({
    ...{ about: 'rollback', wish, plan, runId, journal, recordOptions, clock, hasEnded: () => true },
    signal: () => AbortSignal.any([signal, approvals.signal]),
    emit: async (event) => await onEvent({ ...event, runId, atMs: clock.now() }),
  })
  await approvals.ofRun()
  if (approvals.given.some(({ answer }) => answer === 'denied')) await journal.forgetDenial(runId)
  if (approvals.error) throw approvals.error
  if (signal.aborted)
    throw new PlimsollError('INTERRUPTED', `the rollback of run ${runId} was interrupted before it began`)
}
