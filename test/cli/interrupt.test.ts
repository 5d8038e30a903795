/** Real signals to a real process. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Report, RunMessage } from '../../src/spine.ts'
import { Folder } from './plimsoll.ts'

type Interrupted = { readonly code: number | null; readonly report: Report; readonly stderr: string }

/** Deploys, and sends a signal at each message for which `when` says so. */
async function deployed(
  folder: Folder,
  plan: string,
  when: (message: RunMessage) => boolean,
): Promise<Interrupted> {
  folder.write('plimsoll.yaml', `name: shop\ntasks:\n${plan}`)
  const messages: RunMessage[] = []
  const { code, stderr } = await folder.inStep(['deploy', '--json'], (line, child) => {
    const message: RunMessage = JSON.parse(line)
    messages.push(message)
    if (when(message)) child.kill('SIGINT')
  })
  const report = messages.at(-1)
  assert.ok(report?.type === 'report')
  return { code, report, stderr }
}

const started =
  (name: string) =>
  (message: RunMessage): boolean =>
    message.type === 'attempt-identified' && message.task === name && message.phase === 'deploy'

const undoing =
  (name: string) =>
  (message: RunMessage): boolean =>
    message.type === 'attempt-identified' && message.task === name && message.phase === 'undo'

const stopping = (message: RunMessage): boolean => message.type === 'stopping' && message.how === 'gently'

const statusesOf = ({ tasks }: Report): string =>
  Object.entries(tasks)
    .map(([name, { status }]) => `${name} ${status}`)
    .join(', ')

test('Ctrl-C stops gently: tasks may tidy up, nothing is undone, the report says interrupted, exit code 130', async () => {
  using folder = new Folder()
  const script = "trap 'touch tidied; exit 0' TERM; touch ready; while :; do sleep 0.05; done"
  const plan = `
  a: { run: touch made, undo: { run: rm made } }
  b: { needs: a, run: ${JSON.stringify(script)} }
  seen: { run: "for i in $(seq 1200); do test -e ready && break; sleep 0.05; done" }
  c: { needs: b, run: "true" }
`
  const ready = (message: RunMessage): boolean => message.type === 'task-ended' && message.task === 'seen'
  const { code, report } = await deployed(folder, plan, ready)
  assert.equal(code, 130)
  assert.equal(report.status, 'interrupted')
  assert.equal(statusesOf(report), 'a succeeded, b cancelled, seen succeeded, c cancelled')
  assert.ok(existsSync(join(folder.path, 'tidied')))
  assert.ok(existsSync(join(folder.path, 'made')))
})

test('a second Ctrl-C does not wait for tasks that will not end', async () => {
  using folder = new Folder()
  const plan = `  a: { run: "trap '' TERM; while :; do sleep 0.05; done" }\n`
  const { code, report } = await deployed(
    folder,
    plan,
    (message) => started('a')(message) || stopping(message),
  )
  assert.equal(code, 130)
  assert.equal(report.status, 'interrupted')
})

test('what failed before Ctrl-C stays a failure: what succeeded is undone, exit code 1', async () => {
  using folder = new Folder()
  const plan = `
  a: { run: touch made, undo: { run: rm made } }
  slow: { needs: a, run: sleep 1000 }
  bad: { needs: a, run: exit 3 }
`
  const failed = (message: RunMessage): boolean => message.type === 'task-ended' && message.task === 'bad'
  const { code, report } = await deployed(folder, plan, failed)
  assert.equal(code, 1)
  assert.equal(report.status, 'rolled-back')
  assert.equal(statusesOf(report), 'a undone, slow cancelled, bad failed')
  assert.equal(existsSync(join(folder.path, 'made')), false)
})

test('a task that would have been tried again is interrupted, not failed for good: nothing is undone', async () => {
  using folder = new Folder()
  const plan = `
  a: { run: touch made, undo: { run: rm made } }
  flaky: { needs: a, run: exit 1, retry: { attempts: 3, delay: 100s } }
`
  const waits = (message: RunMessage): boolean =>
    message.type === 'attempt-ended' && message.nextInMs !== null
  const { code, report } = await deployed(folder, plan, waits)
  assert.equal(code, 130)
  assert.equal(report.status, 'interrupted')
  assert.ok(existsSync(join(folder.path, 'made')))
})

const undoPlan = (undo: string): string => `
  a: { run: touch a, undo: { run: rm a } }
  b: { needs: a, run: touch b, undo: { run: ${JSON.stringify(undo)} } }
  bad: { needs: b, run: exit 1 }
`

test('an undo that has begun goes on to its end after one Ctrl-C, and says so', async () => {
  using folder = new Folder()
  const waitForStop = 'for i in $(seq 1200); do test -e stop && break; sleep 0.05; done; rm b'
  const { code, report, stderr } = await deployed(folder, undoPlan(waitForStop), (message) => {
    if (stopping(message)) folder.write('stop', '')
    return undoing('b')(message)
  })
  assert.equal(code, 1)
  assert.equal(report.status, 'rolled-back')
  assert.equal(existsSync(join(folder.path, 'a')), false)
  assert.match(stderr, /the undo goes on to its end; a second Ctrl-C stops it at once/)
})

test('a second Ctrl-C stops an undo: interrupted, exit code 130, and the report says what was not undone', async () => {
  using folder = new Folder()
  const { code, report } = await deployed(
    folder,
    undoPlan("trap '' TERM; while :; do sleep 0.05; done"),
    (message) => undoing('b')(message) || stopping(message),
  )
  assert.equal(code, 130)
  assert.equal(report.status, 'interrupted')
  assert.equal(statusesOf(report), 'a succeeded, b succeeded, bad failed')
  for (const name of ['a', 'b']) {
    assert.equal(report.tasks[name]?.undo?.status, 'failed')
    assert.equal(report.tasks[name]?.undo?.error?.code, 'TASK_CANCELLED')
  }
  assert.ok(existsSync(join(folder.path, 'a')))
})
