import assert from 'node:assert/strict'
import { PlimsollError } from '../../src/errors.ts'
import { type ApprovalAnswer, type Journal, openJournal } from '../../src/journal/journal.ts'
import type { Store } from '../../src/store/store.ts'
import { onBothStores } from '../store/both-stores.ts'
import { engine, plan } from './samples.ts'

const run = { plan, startedAtMs: 1, engine, host: 'web1' }
const by = {
  ...{
    user: 'ada',
    sudoUser: null,
    host: 'web1',
    ci: null,
    actor: null,
    terminal: true,
    release: '1',
    command: null,
  },
}

function check(title: string, body: (first: Journal, second: Journal) => Promise<void>): void {
  onBothStores(title, async (openEmpty) => {
    await using first: Store = await openEmpty('one place')
    await using second: Store = await openEmpty('one place')
    const journal = openJournal(first)
    await journal.openRun({ ...run, runId: 'r' })
    await body(journal, openJournal(second))
  })
}

function given(task: string | null, answer: ApprovalAnswer['answer'], who: string): ApprovalAnswer {
  const about = { runId: 'r', task, atMs: 7 }
  const action = answer === 'approved' ? ('approve' as const) : ('deny' as const)
  return { ...about, answer, by: who, reason: null, note: { ...about, action, by } }
}

const answers = async (journal: Journal) =>
  (await journal.approvals('r')).map(({ task, answer }) => [
    task,
    answer && `${answer.answer} by ${answer.by}`,
  ])

check(
  'a question waits in the record, and another engine reads the answer',
  async (engineHere, elsewhere) => {
    await engineHere.askApproval('r', null, 2)
    await engineHere.askApproval('r', 'live', 3)
    await engineHere.askApproval('r', 'live', 4)
    assert.deepEqual(
      (await elsewhere.openApprovals()).map(({ task, askedAtMs }) => [task, askedAtMs]),
      [
        ['live', 3],
        [null, 2],
      ],
    )
    await elsewhere.answerApproval(given(null, 'approved', 'ada'))
    assert.deepEqual(await answers(engineHere), [
      [null, 'approved by ada'],
      ['live', null],
    ])
    await engineHere.askApproval('r', null, 9)
    assert.equal((await engineHere.openApprovals()).length, 1)
  },
)

check('of two who answer at once one does, and the audit names that one alone', async (first, second) => {
  const outcomes = await Promise.allSettled([
    first.answerApproval(given('live', 'approved', 'ada')),
    second.answerApproval(given('live', 'denied', 'bob')),
  ])
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
  assert.equal(refused.length, 1)
  assert.ok(refused[0]?.reason instanceof PlimsollError)
  assert.equal(refused[0].reason.code, 'APPROVAL_UNASKED')
  const [entry, ...more] = await first.audit({ limit: 10 })
  assert.deepEqual(more, [])
  const who = entry?.action === 'approve' ? 'approved by ada' : 'denied by bob'
  assert.deepEqual(await answers(second), [['live', who]])
  assert.deepEqual(await first.checkAudit(), { entries: 1, brokenAt: null })
})

check('what was answered of another plan is asked again, what nobody answered stays', async (journal) => {
  const resumed = { ...run, runId: 'r', previousToken: engine.token, forget: [], isUndo: false }
  await journal.answerApproval(given('live', 'approved', 'ada'))
  await journal.askApproval('r', 'late', 8)
  await journal.resumeRun(resumed)
  assert.deepEqual(await answers(journal), [
    ['live', 'approved by ada'],
    ['late', null],
  ])
  await journal.resumeRun({ ...resumed, asksAgain: true })
  assert.deepEqual(await answers(journal), [['late', null]])
})
