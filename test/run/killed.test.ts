/** The table of docs/resume.md, each row with a real kill -9. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Report } from '../../src/spine.ts'
import { hasExitRecord } from '../runners/exit-record.ts'
import { event, foundOf, orphansOf, statusesOf, Yard } from './killing.ts'

test('killed before the first task: the next engine begins with it', async () => {
  using yard = new Yard()
  yard.plan('  a: { run: echo a >>count }\n')
  await yard.killedAt(event('run-started'))
  const { code, report } = await yard.resume()
  assert.equal(code, 0)
  assert.equal(statusesOf(report), 'a succeeded')
  assert.deepEqual(yard.lines(), ['a'])
})

test('an attempt that was recorded and whose command had not begun is made, once', async () => {
  using yard = new Yard()
  yard.plan('  a: { run: echo a >>count; sleep 1 }\n')
  await yard.killedAt(event('attempt-opened', 'a'))
  const { report } = await yard.resume()
  assert.equal(statusesOf(report), 'a succeeded')
  assert.deepEqual(yard.lines(), ['a'])
  assert.equal(report.tasks.a?.attempts, 1)
})

test('a task that runs is adopted: its output, its exit code and what it hands on are there', async () => {
  using yard = new Yard()
  const script =
    'echo a >>count; echo first; for i in $(seq 1200); do test -e go && break; sleep 0.05; done; echo last; echo k=v >>$PLIMSOLL_OUTPUT'
  yard.plan(`
  a: { run: ${JSON.stringify(script)} }
  b: { needs: a, run: 'echo "b $V" >>count', env: { V: "\${tasks.a.outputs.k}" } }
`)
  await yard.killedAt(event('attempt-identified', 'a'))
  await yard.until(() => yard.lines().length === 1)
  const resumed = await yard.goOn(['resume'], (message) => {
    if (message.type === 'run-resumed') yard.write('go', '')
  })
  const { report } = resumed
  assert.equal(foundOf(resumed), 'a adopted')
  assert.equal(statusesOf(report), 'a succeeded, b succeeded')
  assert.deepEqual(yard.lines(), ['a', 'b v'])
  assert.equal((await yard.plimsoll(['logs', 'last', 'a'])).stdout, 'first\nlast\n')
  assert.equal(report.tasks.a?.exitCode, 0)
  assert.deepEqual(yard.leftFiles(), [])
})

test('a task that ended meanwhile is not run again: its exit code, CPU time and output are taken over', async () => {
  using yard = new Yard()
  yard.plan(`  a: { run: "echo a >>count; echo out; sleep 0.3; echo done >ended; exit 3" }\n`)
  await yard.killedAt(event('attempt-identified', 'a'))
  await yard.until(() =>
    yard.leftFiles().some((file) => file.endsWith('.exit') && hasExitRecord(join(yard.path, file))),
  )
  const resumed = await yard.resume()
  assert.equal(foundOf(resumed), 'a ended')
  assert.equal(resumed.code, 1)
  const { a } = resumed.report.tasks
  assert.equal(a?.status, 'failed')
  assert.equal(a?.exitCode, 3)
  assert.equal(typeof a?.cpuMs, 'number')
  assert.equal(a?.lastOutput, 'out')
  assert.deepEqual(yard.lines(), ['a'])
})

test('the end of an attempt that was recorded counts, although that of its task was not', async () => {
  using yard = new Yard()
  yard.plan('  a: { run: echo a >>count }\n  b: { needs: a, run: echo b >>count }\n')
  await yard.killedAt(event('attempt-ended', 'a'))
  const { report } = await yard.resume()
  assert.equal(statusesOf(report), 'a succeeded, b succeeded')
  assert.deepEqual(yard.lines(), ['a', 'b'])
})

test('tasks that have ended are kept, in the order of the plan and with what they handed on', async () => {
  using yard = new Yard()
  yard.plan(`
  a: { run: "echo a >>count; echo k=v >>$PLIMSOLL_OUTPUT" }
  b: { needs: a, run: 'echo "b $V" >>count', env: { V: "\${tasks.a.outputs.k}" } }
`)
  await yard.killedAt(event('task-ended', 'a'))
  const { report, events } = await yard.resume()
  assert.equal(
    events.some((one) => one.type === 'task-started' && one.task === 'a'),
    false,
  )
  assert.equal(statusesOf(report), 'a succeeded, b succeeded')
  assert.deepEqual(yard.lines(), ['a', 'b v'])
})

test('between two attempts: earlier ones count, and the next has its number', async () => {
  using yard = new Yard()
  yard.plan(
    `  a: { run: 'echo "a $PLIMSOLL_ATTEMPT" >>count; exit 1', retry: { attempts: 3, delay: 300ms, backoff: fixed } }\n`,
  )
  await yard.killedAt(event('attempt-ended', 'a'))
  const { report, code } = await yard.resume()
  assert.equal(code, 1)
  assert.equal(report.tasks.a?.attempts, 3)
  assert.deepEqual(yard.lines(), ['a 1', 'a 2', 'a 3'])
})

test('killed after every attempt: none is made more often than the rule says', async () => {
  using yard = new Yard()
  const script = 'echo "a $PLIMSOLL_ATTEMPT" >>count; exit 1'
  yard.plan(`  a: { run: ${JSON.stringify(script)}, retry: { attempts: 3, delay: 200ms, backoff: fixed } }\n`)
  await yard.killedAt(event('attempt-ended', 'a'))
  await yard.killedAt(event('attempt-ended', 'a'), ['resume'])
  const { report } = await yard.resume()
  assert.equal(report.tasks.a?.attempts, 3)
  assert.deepEqual(yard.lines(), ['a 1', 'a 2', 'a 3'])
})

test('an adopted attempt that fails is followed by the attempts that are left', async () => {
  using yard = new Yard()
  const script = 'echo "a $PLIMSOLL_ATTEMPT" >>count; sleep 0.5; exit 1'
  yard.plan(`  a: { run: ${JSON.stringify(script)}, retry: { attempts: 2, delay: 1ms } }\n`)
  await yard.killedAt(event('attempt-identified', 'a'))
  const { report } = await yard.resume()
  assert.equal(report.tasks.a?.attempts, 2)
  assert.deepEqual(yard.lines(), ['a 1', 'a 2'])
})

test('killed after the last task, before the report: the report is written', async () => {
  using yard = new Yard()
  yard.plan('  a: { run: echo a >>count }\n')
  await yard.killedAt(event('task-ended', 'a'))
  const { report, code } = await yard.resume()
  assert.equal(code, 0)
  assert.equal(report.status, 'succeeded')
  assert.deepEqual(yard.lines(), ['a'])
})

test('killed while it undoes: the undo goes on, and what was undone is not undone again', async () => {
  using yard = new Yard()
  yard.plan(`
  a: { run: echo a >>count, undo: { run: echo undo a >>count } }
  b: { needs: a, run: echo b >>count, undo: { run: "echo undo b >>count; sleep 0.5" } }
  c: { needs: b, run: exit 1 }
`)
  await yard.killedAt(event('attempt-identified', 'b', 'undo'))
  const { report, code } = await yard.resume()
  assert.equal(code, 1)
  assert.equal(report.status, 'rolled-back')
  assert.equal(statusesOf(report), 'a undone, b undone, c failed')
  assert.deepEqual(yard.lines(), ['a', 'b', 'undo b', 'undo a'])
})

test('killed while it undoes: show tells which undos had ended and which had begun', async () => {
  using yard = new Yard()
  const wait = 'for i in $(seq 1200); do test -e go && break; sleep 0.05; done'
  yard.plan(`
  first: { run: "true", undo: { run: "true" } }
  a: { needs: first, run: "true", undo: { run: ${JSON.stringify(wait)} } }
  b: { needs: a, run: "true", undo: { run: "true" } }
  wrong: { needs: a, run: "true", undo: { run: "echo no way; exit 3" } }
  c: { needs: [b, wrong], run: exit 1 }
`)
  await yard.killedAt(event('attempt-identified', 'a', 'undo'))
  const shown = await yard.plimsoll(['show', '--json'])
  const { tasks } = JSON.parse(shown.stdout) as Report
  assert.deepEqual(
    Object.entries(tasks).map(([name, { status, undo }]) => [name, status, undo?.status, undo?.error?.code]),
    [
      ['first', 'succeeded', undefined, undefined],
      ['a', 'succeeded', 'failed', 'TASK_CANCELLED'],
      ['b', 'undone', 'succeeded', undefined],
      ['wrong', 'succeeded', 'failed', 'TASK_FAILED'],
      ['c', 'failed', undefined, undefined],
    ],
  )
  assert.match(tasks.wrong?.undo?.lastOutput ?? '', /no way/)
  const { stdout } = await yard.plimsoll(['show'])
  assert.match(
    stdout,
    /^undo of a: TASK_CANCELLED the engine was killed before this undo ended\n {2}fix: .*"plimsoll resume \d\S+"$/m,
  )
  assert.match(stdout, /^undone: b$/m)

  yard.write('go', '')
  const { report } = await yard.resume()
  assert.equal(statusesOf(report), 'first undone, a undone, b undone, wrong succeeded, c failed')
})

test('killed while it goes on with a killed run: the same again', async () => {
  using yard = new Yard()
  const wait = 'for i in $(seq 1200); do test -e go && break; sleep 0.05; done'
  yard.plan(`
  a: { run: echo a >>count }
  b: { needs: a, run: ${JSON.stringify(`echo b >>count; ${wait}`)} }
  c: { needs: b, run: echo c >>count }
`)
  const first = await yard.killedAt(event('attempt-identified', 'b'))
  await yard.killedAt(event('attempt-identified', 'b'), ['resume'])
  await yard.killedAt(event('run-resumed'), ['resume'])
  yard.write('go', '')
  const { report } = await yard.resume()
  assert.equal(statusesOf(report), 'a succeeded, b succeeded, c succeeded')
  assert.deepEqual(yard.lines(), ['a', 'b', 'c'])
  assert.deepEqual(orphansOf(first), [])
})

test('a service is kept, and stopped by its undo when the run fails later', async () => {
  using yard = new Yard()
  yard.plan(`
  s: { exec: [sleep, "1000"], detach: true, undo: stop }
  f: { needs: s, run: "sleep 0.5; exit 1" }
`)
  const messages = await yard.killedAt(event('attempt-identified', 'f'))
  const { report } = await yard.resume()
  assert.equal(statusesOf(report), 's undone, f failed')
  assert.deepEqual(orphansOf(messages), [])
})

test('a service that was started and not recorded as a success is one', async () => {
  using yard = new Yard()
  yard.plan(`  s: { exec: [sleep, "1000"], detach: true, undo: stop }\n  f: { needs: s, run: exit 1 }\n`)
  const messages = await yard.killedAt(event('attempt-identified', 's'))
  const { report } = await yard.resume()
  assert.equal(statusesOf(report), 's undone, f failed')
  assert.deepEqual(orphansOf(messages), [])
})

test('a function in a process of its own hands on its answer after its engine was killed', async () => {
  using yard = new Yard()
  yard.write(
    'f.ts',
    `
import { appendFileSync } from 'node:fs'
export async function f() {
  appendFileSync('count', 'f\\n'); console.log('said')
  await new Promise((resolve) => setTimeout(resolve, 700))
  return { answer: 42 }
}`,
  )
  for (const memory of ['', ', memory: 300MiB']) {
    yard.plan(`
  f: { call: ./f.ts#f, in: process${memory} }
  g: { needs: f, run: 'echo "g $A" >>count', env: { A: "\${tasks.f.outputs.answer}" } }
`)
    await yard.killedAt(event('attempt-identified', 'f'))
    const { report } = await yard.resume()
    assert.equal(statusesOf(report), 'f succeeded, g succeeded')
    assert.equal((await yard.plimsoll(['logs', 'last', 'f'])).stdout, 'said\n')
  }
  assert.deepEqual(yard.lines(), ['f', 'g 42', 'f', 'g 42'])
})

test('a function in the engine is attempted again when it is idempotent, else a person is asked', async () => {
  using yard = new Yard()
  yard.write(
    'f.ts',
    `
import { appendFileSync, existsSync } from 'node:fs'
export async function f() {
  appendFileSync('count', 'f\\n')
  while (!existsSync('go')) await new Promise((resolve) => setTimeout(resolve, 20))
}`,
  )
  const begun = yard.until(() => yard.lines().length === 1)
  yard.plan('  f: { call: ./f.ts#f, in: thread }\n')
  const child = yard.start(['deploy'])
  await begun
  child.kill('SIGKILL')
  yard.write('go', '')
  const { code, stderr } = await yard.plimsoll(['resume'])
  assert.equal(code, 5)
  assert.match(stderr, /DECISION_NEEDED.*"f" \(it ran in the engine itself, which was killed\)/)
  assert.match(stderr, /plimsoll resume \S+ --task f=done\|again\|failed/)
  assert.equal((await yard.resume('--task', 'f=again')).report.tasks.f?.status, 'succeeded')
  assert.deepEqual(yard.lines(), ['f', 'f'])
})
