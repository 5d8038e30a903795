import { systemClock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import { actorHere, actorText, openJournal, type RunRecord } from '../journal/journal.ts'
import { openStore } from '../store/store.ts'
import { mayGoOn } from './engine-state.ts'
import { typedCommand } from './typed.ts'
import { placeOf } from './with-journal.ts'
import type { RunCommand } from './words.ts'

/** Answers what a run asks, from another terminal or another machine. */
export const approveCommand: RunCommand = async (call) => {
  const [id = 'last', wanted] = call.positionals
  await using store = await openStore(placeOf(call))
  const journal = openJournal(store)
  const run = await journal.run(id)
  const { runId, plan, environment } = run
  const asked = await journal.approvals(runId)
  const open = asked.filter(({ answer }) => answer === null).map(({ task }) => task)
  const tasks = wanted === undefined ? open : [wanted]
  refuseWhatAsksNothing(run, tasks)
  const answer = call.flag('deny') ? 'denied' : 'approved'
  const reason = call.text('reason') ?? null
  const by = actorHere(process.env, typedCommand(process.argv.slice(2)))
  for (const task of tasks) {
    const atMs = systemClock.now()
    const action = answer === 'approved' ? 'approve' : 'deny'
    const note = { atMs, action, plan, environment, runId, task, by, detail: reason } as const
    await journal.answerApproval({ runId, task, answer, by: actorText(by), atMs, reason, note })
    const subject = task === null ? `run ${runId}` : `${JSON.stringify(task)} of run ${runId}`
    const facts = { type: 'approval', runId, task, answer, reason }
    process.stdout.write(`${call.flag('json') ? JSON.stringify(facts) : `${answer}: ${subject}`}\n`)
  }
  const goesOn = run.report === null && mayGoOn(run)
  if (!goesOn) process.stderr.write(`no engine is at work on it; go on with: plimsoll resume ${runId}\n`)
  return 0
}

/** A task that is to ask later can be answered before. */
function refuseWhatAsksNothing({ runId, definition }: RunRecord, tasks: readonly (string | null)[]): void {
  if (tasks.length === 0) {
    throw new PlimsollError('APPROVAL_UNASKED', `run ${runId} waits for no approval`)
  }
  for (const name of tasks.filter((task) => task !== null)) {
    if (definition.tasks.some((task) => task.name === name && task.approve)) continue
    throw new PlimsollError(
      'APPROVAL_UNASKED',
      `${JSON.stringify(name)} of run ${runId} asks for no approval`,
    )
  }
}
