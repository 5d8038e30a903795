/** What nobody but a person can know, and what tasks say of being resumed. */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { ProcessFinder } from '../../src/memory/memory.ts'
import type { RunMessage } from '../../src/spine.ts'
import { jsonLines } from '../cli/plimsoll.ts'
import { killIfAlive } from '../kill-if-alive.ts'
import { event, foundOf, orphansOf, statusesOf, Yard } from './killing.ts'

const waits =
  'echo a >>count; for i in $(seq 1200); do test -e go && break; sleep 0.05; done; echo end >>count'
const plan = (more = ''): string => `
  a: { run: ${JSON.stringify(waits)}${more} }
  b: { needs: a, run: echo b >>count }
`

async function killedInA(yard: Yard, more = ''): Promise<readonly RunMessage[]> {
  yard.plan(plan(more))
  const messages = await yard.killedAt(event('attempt-identified', 'a'))
  await yard.until(() => yard.lines().length === 1)
  return messages
}

/** Whatever runs of these attempts is killed, its supervisor first. */
function killAll(messages: readonly RunMessage[]): void {
  const finder = new ProcessFinder()
  for (const message of messages) {
    if (message.type !== 'attempt-identified') continue
    process.kill(message.identity.pid, 'SIGKILL')
    for (const pid of finder.leftovers(message.identity)) killIfAlive(pid)
  }
}

function change(yard: Yard, sql: string): void {
  const database = new DatabaseSync(join(yard.path, '.plimsoll/plimsoll.db'))
  database.exec(sql)
  database.close()
}

test('gone without a word: the run stops with exit code 5 and the command that answers, and nothing is done', async () => {
  using yard = new Yard()
  killAll(await killedInA(yard))
  for (const words of [['resume'], ['deploy']]) {
    const { code, stderr } = await yard.plimsoll(words)
    assert.equal(code, 5)
    assert.match(stderr, /DECISION_NEEDED.*"a" \(it is gone, and has not left how it ended\)/)
    assert.match(stderr, /plimsoll resume \d{8}-\d{6}-\w{4} --task a=done\|again\|failed/)
  }
  assert.deepEqual(yard.lines(), ['a'])
})

test('a person says that it is done: it counts as succeeded, and what needs it runs', async () => {
  using yard = new Yard()
  killAll(await killedInA(yard))
  const resumed = await yard.resume('--task', 'a=done')
  assert.equal(resumed.code, 0)
  assert.equal(foundOf(resumed), 'a answered')
  assert.equal(statusesOf(resumed.report), 'a succeeded, b succeeded')
  assert.deepEqual(yard.lines(), ['a', 'b'])
})

test('who gave an answer is in the audit: of which task, from where, and what it was', async () => {
  using yard = new Yard()
  killAll(await killedInA(yard))
  const { report } = await yard.resume('--task', 'a=done')
  const { stdout } = await yard.plimsoll(['audit', '--json'])
  const [answer, resumed, ...before] = jsonLines(stdout)
  assert.deepEqual(
    [answer, resumed, ...before].map((entry) => entry?.action),
    ['answer', 'resume', 'deploy'],
  )
  const { seq, runId, plan: name, task, detail, by } = answer ?? {}
  assert.deepEqual([seq, runId, name, task, detail], [3, report.runId, 'shop', 'a', 'done'])
  const { user, host, command } = Object(by)
  assert.deepEqual([user, host], [userInfo().username, hostname()])
  assert.match(command, /^plimsoll resume --task a=done/)
  const checked = await yard.plimsoll(['audit', '--verify'])
  assert.equal(checked.stdout, '3 entries, all as they were written\n')
})

test('a person says that it failed: it counts as failed', async () => {
  using yard = new Yard()
  killAll(await killedInA(yard))
  const { code, report } = await yard.resume('--task', 'a=failed')
  assert.equal(code, 1)
  assert.equal(statusesOf(report), 'a failed, b cancelled')
  assert.match(report.tasks.a?.error?.message ?? '', /a person has said/)
})

test('a person lets it run again: the lost attempt does not count', async () => {
  using yard = new Yard()
  killAll(await killedInA(yard))
  yard.write('go', '')
  const { report } = await yard.resume('--task', 'a=again')
  assert.equal(statusesOf(report), 'a succeeded, b succeeded')
  assert.equal(report.tasks.a?.attempts, 1)
  assert.deepEqual(yard.lines(), ['a', 'a', 'end', 'b'])
})

test('what is idempotent is attempted again without a question', async () => {
  using yard = new Yard()
  killAll(await killedInA(yard, ', idempotent: true'))
  yard.write('go', '')
  const resumed = await yard.resume()
  assert.equal(foundOf(resumed), 'a again')
  assert.deepEqual(yard.lines(), ['a', 'a', 'end', 'b'])
})

test('when the machine was started anew, nobody is taken for a task by its number', async () => {
  using yard = new Yard()
  const messages = await killedInA(yard)
  change(yard, `update attempts set boot_id = 'another'`)
  const { code, stderr } = await yard.plimsoll(['resume'])
  assert.equal(code, 5)
  assert.match(stderr, /"a" \(the machine was started anew since\)/)
  killAll(messages)
})

test('a task on another host cannot be seen from here', async () => {
  using yard = new Yard()
  const messages = await killedInA(yard)
  change(yard, `update attempts set host = 'build-7'`)
  const { code, stderr } = await yard.plimsoll(['resume'])
  assert.equal(code, 5)
  assert.match(stderr, /"a" \(it ran on build-7, which cannot be seen from here\)/)
  killAll(messages)
})

test('onResume: restart stops what runs, with all it left, and starts it again', async () => {
  using yard = new Yard()
  const messages = await killedInA(yard, ', onResume: restart')
  const resumed = await yard.goOn(['resume'], (message) => {
    if (message.type === 'attempt-ended' && message.task === 'a') {
      assert.deepEqual(orphansOf(messages), [])
      yard.write('go', '')
    }
  })
  assert.equal(foundOf(resumed), 'a again')
  assert.deepEqual(yard.lines(), ['a', 'a', 'end', 'b'])
})

test('onResume: ask lets a person decide whether to wait for what runs', async () => {
  using yard = new Yard()
  await killedInA(yard, ', onResume: ask')
  const { code, stderr } = await yard.plimsoll(['resume'])
  assert.equal(code, 5)
  assert.match(stderr, /--task a=done\|again\|failed\|adopt/)
  const resumed = await yard.goOn(['resume', '--task', 'a=adopt'], (message) => {
    if (message.type === 'run-resumed') yard.write('go', '')
  })
  assert.equal(foundOf(resumed), 'a adopted')
  assert.deepEqual(yard.lines(), ['a', 'end', 'b'])
})

test('what cannot be adopted, as its files are gone, is asked about, or started again when it is idempotent', async () => {
  using yard = new Yard()
  const messages = await killedInA(yard)
  rmSync(join(yard.path, '.plimsoll/runs'), { recursive: true })
  const { code, stderr } = await yard.plimsoll(['resume'])
  assert.equal(code, 5)
  assert.match(stderr, /"a" \(it still runs, process \d+, but its output is gone\)/)
  yard.write('go', '')
  const { report } = await yard.resume('--task', 'a=again')
  assert.equal(statusesOf(report), 'a succeeded, b succeeded')
  assert.deepEqual(orphansOf(messages), [])
})

test('the timeout of an adopted task counts from its own start', async () => {
  using yard = new Yard()
  yard.plan('  a: { run: sleep 1000, timeout: 2s }\n')
  const messages = await yard.killedAt(event('attempt-identified', 'a'))
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const { report } = await yard.resume()
  assert.equal(report.tasks.a?.error?.code, 'TASK_TIMEOUT')
  assert.deepEqual(orphansOf(messages), [])
})

test('the timeout of an adopted task does not notice that the clock was set', async () => {
  using yard = new Yard()
  await killedInA(yard, ', timeout: 1m')
  change(yard, 'update attempts set opened_ms = opened_ms - 7200000')
  const { code, report } = await yard.goOn(['resume'], (message) => {
    if (message.type === 'run-resumed') yard.write('go', '')
  })
  assert.equal(code, 0)
  assert.equal(statusesOf(report), 'a succeeded, b succeeded')
  assert.ok(Number(report.tasks.a?.durationMs) < 7_200_000)
})

test('a task that ended well while no engine looked is well, also when that took longer than its timeout', async () => {
  using yard = new Yard()
  await killedInA(yard, ', timeout: 1m')
  yard.write('go', '')
  await yard.until(() => yard.lines().includes('end'))
  change(yard, 'update attempts set opened_ms = opened_ms - 7200000')
  const { report } = await yard.resume()
  assert.equal(statusesOf(report), 'a succeeded, b succeeded')
})

test('the limit of an adopted task is held by watching it, and the report says so', async () => {
  using yard = new Yard()
  const grow =
    'echo a >>count; for i in $(seq 1200); do test -e go && break; sleep 0.05; done; x=$(head -c 200000000 /dev/zero | tr "\\0" x); sleep 60; echo $x >/dev/null'
  yard.plan(`  a: { run: ${JSON.stringify(grow)}, memory: { limit: 50MiB, expect: 10MiB } }\n`)
  const messages = await yard.killedAt(event('attempt-identified', 'a'))
  await yard.until(() => yard.lines().length === 1)
  const { report } = await yard.goOn(['resume'], (message) => {
    if (message.type === 'run-resumed') yard.write('go', '')
  })
  assert.equal(report.tasks.a?.status, 'failed')
  assert.equal(report.tasks.a?.enforcement, 'watchdog')
  assert.equal(report.tasks.a?.peakMemoryBytes.upper, null)
  assert.deepEqual(orphansOf(messages), [])
})

test('a value with a secret is not recorded: who reads it cannot be fooled with a mask', async () => {
  using yard = new Yard()
  yard.write(
    'plimsoll.yaml',
    `name: shop
secrets: [TOKEN]
tasks:
  a: { run: "echo a >>count; echo t=$TOKEN >>$PLIMSOLL_OUTPUT", env: { TOKEN: "\${secrets.TOKEN}" } }
  b: { needs: a, run: 'echo "b $T" >>count', env: { T: "\${tasks.a.outputs.t}" } }
`,
  )
  process.env.TOKEN = 'tok-3f8a9c1d2e'
  try {
    await yard.killedAt(event('task-ended', 'a'))
    const { code, stderr } = await yard.plimsoll(['resume'])
    assert.equal(code, 5)
    assert.match(stderr, /"a" \(what it handed on as t held a secret, which is not recorded\)/)
    await yard.resume('--task', 'a=again')
    assert.deepEqual(yard.lines(), ['a', 'a', 'b tok-3f8a9c1d2e'])
  } finally {
    delete process.env.TOKEN
  }
})

test('an answer that answers nothing is refused, with the nearest name', async () => {
  using yard = new Yard()
  killAll(await killedInA(yard))
  for (const [answer, said] of [
    ['aa=done', /"aa", which is no task of the run/],
    ['b=done', /answers nothing: "b" has not begun/],
    ['a=maybe', /expected TASK=ANSWER with one of done, again, failed, adopt/],
    ['a', /expected TASK=ANSWER/],
  ] as const) {
    const { code, stderr } = await yard.plimsoll(['resume', '--task', answer])
    assert.equal(code, 2, stderr)
    assert.match(stderr, said)
  }
})
