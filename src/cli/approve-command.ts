import { systemClock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import {
  type ApprovalAbout,
  actorHere,
  actorText,
  type Journal,
  openJournal,
  type RunRecord,
} from '../journal/journal.ts'
import { plainLine } from '../report/report.ts'
import { approvalDetail } from '../run/run.ts'
import { openStore } from '../store/store.ts'
import { mayGoOn } from './engine-state.ts'
import { typedCommand, withoutSecrets } from './typed.ts'
import { placeOf, recordOptionsOf, withJournal } from './with-journal.ts'
import type { RunCommand } from './words.ts'

type Question = { readonly about: ApprovalAbout; readonly task: string | null }

/** Answers what a run asks, from another terminal or another machine. */
export const approveCommand: RunCommand = async (call) => {
  const [id = 'last', wanted] = call.positionals
  const { run, questions } = await withJournal(call, async (journal) => {
    const found = await journal.run(id)
    return { run: found, questions: await questionsOf(journal, found, wanted) }
  })
  const { runId, plan, environment } = run
  const answer = call.flag('deny') ? 'denied' : 'approved'
  const action = call.flag('deny') ? 'deny' : 'approve'
  const written = call.text('reason')
  const reason = written === undefined ? null : withoutSecrets(written)
  const by = actorHere(process.env, typedCommand(process.argv.slice(2)))
  await using store = await openStore(placeOf(call))
  const journal = openJournal(store)
  for (const { about, task } of questions) {
    const atMs = systemClock.now()
    const detail = approvalDetail(about, reason)
    const note = { atMs, action, plan, environment, runId, task, by, detail } as const
    await journal.answerApproval({ runId, about, task, answer, by: actorText(by), atMs, reason, note })
    const facts = { type: 'approval', runId, about, task, answer, reason }
    const text = `${answer}: ${subjectOf(runId, { about, task })}`
    process.stdout.write(`${call.flag('json') ? JSON.stringify(facts) : plainLine(text)}\n`)
  }
  const named = `${runId}${recordOptionsOf(call)}`
  if (questions.some(({ about }) => about === 'rollback')) {
    if (answer === 'approved')
      process.stderr.write(`undo it, where that does not wait already, with: plimsoll rollback ${named}\n`)
  } else if (run.report !== null || !mayGoOn(run))
    process.stderr.write(`no engine is at work on it; go on with: plimsoll resume ${named}\n`)
  return 0
}

function subjectOf(runId: string, { about, task }: Question): string {
  if (about === 'rollback') return `the rollback of run ${runId}`
  return task === null ? `run ${runId}` : `${JSON.stringify(task)} of run ${runId}`
}

/** What is asked at the moment, or the task that was named: it can be answered before it asks. */
async function questionsOf(
  journal: Journal,
  { runId, definition }: RunRecord,
  wanted: string | undefined,
): Promise<readonly Question[]> {
  if (wanted !== undefined) {
    if (definition.tasks.some((task) => task.name === wanted && task.approve))
      return [{ about: 'deploy', task: wanted }]
    const text = `${JSON.stringify(wanted)} of run ${runId} asks for no approval`
    throw new PlimsollError('APPROVAL_UNASKED', text)
  }
  const open = (await journal.approvals(runId)).filter(({ answer }) => answer === null)
  if (open.length > 0) return open
  throw new PlimsollError('APPROVAL_UNASKED', `run ${runId} waits for no approval`)
}
