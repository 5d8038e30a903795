/** Runs that have ended, plans that have changed, and what is no run that could go on. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { type Journal, openJournal } from '../../src/journal/journal.ts'
import type { Plan } from '../../src/spine.ts'
import { openStoreForReading } from '../../src/store/store.ts'
import { event, orphansOf, statusesOf, Yard } from './killing.ts'

const fails = (more = ''): string => `
  a: { run: echo a >>count, undo: { run: echo undo a >>count } }
  b: { needs: a, run: "echo b >>count; test -e go"${more} }
  c: { needs: b, run: echo c >>count }
`

async function ofJournal<T>(yard: Yard, read: (journal: Journal) => Promise<T>): Promise<T> {
  await using store = await openStoreForReading({ stateDir: join(yard.path, '.plimsoll') })
  assert.ok(store)
  return await read(openJournal(store))
}

const problemsOf = (yard: Yard): Promise<readonly string[]> =>
  ofJournal(yard, async (journal) => journal.verify((await journal.run('last')).runId))

const recordedPlan = (yard: Yard): Promise<Plan> =>
  ofJournal(yard, async (journal) => (await journal.run('last')).definition)

test('a run that was rolled back is tried again from its first task, in the same record', async () => {
  using yard = new Yard()
  yard.plan(fails())
  const first = await yard.goOn(['deploy'])
  assert.equal(first.report.status, 'rolled-back')
  yard.write('go', '')
  const { code, report } = await yard.resume()
  assert.equal(code, 0)
  assert.equal(report.runId, first.report.runId)
  assert.equal(statusesOf(report), 'a succeeded, b succeeded, c succeeded')
  assert.deepEqual(yard.lines(), ['a', 'b', 'undo a', 'a', 'b', 'c'])
  assert.deepEqual(await problemsOf(yard), [])
})

test('a run that failed is tried again from what failed; what succeeded is kept', async () => {
  using yard = new Yard()
  yard.plan(fails(', retry: { attempts: 2, delay: 1ms }'))
  assert.equal((await yard.goOn(['deploy', '--no-undo'])).report.status, 'failed')
  yard.write('go', '')
  const { report } = await yard.resume()
  assert.equal(statusesOf(report), 'a succeeded, b succeeded, c succeeded')
  assert.equal(report.tasks.b?.attempts, 1)
  assert.deepEqual(yard.lines(), ['a', 'b', 'b', 'b', 'c'])
  assert.deepEqual(await problemsOf(yard), [])
})

test('a run that was stopped by Ctrl-C goes on with what was stopped', async () => {
  using yard = new Yard()
  yard.plan(`
  a: { run: echo a >>count }
  b: { needs: a, run: "echo b >>count; for i in $(seq 1200); do test -e go && break; sleep 0.05; done" }
`)
  const child = yard.start(['deploy'])
  await yard.until(() => yard.lines().length === 2)
  child.kill('SIGINT')
  await new Promise((resolve) => child.once('close', resolve))
  yard.write('go', '')
  const { report } = await yard.resume()
  assert.equal(statusesOf(report), 'a succeeded, b succeeded')
  assert.deepEqual(yard.lines(), ['a', 'b', 'b'])
})

test('a run that has succeeded is left alone: exit code 0, its report, and nothing runs', async () => {
  using yard = new Yard()
  yard.plan('  a: { run: echo a >>count }\n')
  const first = await yard.goOn(['deploy'])
  const { code, report, stderr } = await yard.resume()
  assert.equal(code, 0)
  assert.deepEqual(report, first.report)
  assert.match(stderr, /nothing to resume/)
  assert.deepEqual(yard.lines(), ['a'])
})

test('an answer about a run that has succeeded is refused, also about a task that is not there', async () => {
  using yard = new Yard()
  yard.plan('  a: { run: echo a >>count }\n')
  await yard.goOn(['deploy'])
  for (const answer of ['a=done', 'a=again', 'nosuch=done']) {
    const { code, stderr } = await yard.plimsoll(['resume', '--task', answer])
    assert.equal(code, 2, stderr)
    assert.match(stderr, new RegExp(`USAGE: --task ${answer} answers nothing: run \\S+ has succeeded`))
  }
  assert.deepEqual(yard.lines(), ['a'])
})

test('an answer is refused where a new run begins, and nothing runs; a run that is given up needs none', async () => {
  using yard = new Yard()
  yard.plan('  a: { run: echo a >>count, undo: { run: exit 1 } }\n  b: { needs: a, run: test -e go }\n')
  const isRefused = async (...words: readonly string[]): Promise<void> => {
    const { code, stderr } = await yard.plimsoll(['deploy', ...words])
    assert.equal(code, 2, stderr)
    assert.match(stderr, /USAGE: --task \w+=done answers nothing: a new run begins\n.*--go-on/)
  }
  await isRefused('--task', 'nosuch=done')
  assert.deepEqual(yard.lines(), [])
  await yard.goOn(['deploy'])
  await isRefused('--task', 'a=done')
  await isRefused('--task', 'a=done', '--fresh')
  assert.deepEqual(yard.lines(), ['a'])
  yard.write('go', '')
  const { report } = await yard.goOn(['deploy', '--go-on', '--task', 'a=done'])
  assert.equal(statusesOf(report), 'a succeeded, b succeeded')
  assert.deepEqual(yard.lines(), ['a'])
})

test('a task whose undo failed is asked about', async () => {
  using yard = new Yard()
  yard.plan('  a: { run: echo a >>count, undo: { run: exit 1 } }\n  b: { needs: a, run: test -e go }\n')
  await yard.goOn(['deploy'])
  yard.write('go', '')
  const { code, stderr } = await yard.plimsoll(['resume'])
  assert.equal(code, 5)
  assert.match(stderr, /"a" \(its undo failed, and may have been done in part\).*\n.*--task a=done\|again/)
  const { report } = await yard.resume('--task', 'a=done')
  assert.equal(statusesOf(report), 'a succeeded, b succeeded')
  assert.equal(report.tasks.a?.undo, undefined)
  assert.deepEqual(yard.lines(), ['a'])
})

const waiting = (word: string): string => `
  a: { run: echo a >>count }
  b: { needs: a, run: "echo ${word} >>count; for i in $(seq 1200); do test -e go && break; sleep 0.05; done" }
  c: { needs: b, run: echo c >>count }
`

test('the next deploy of the same plan goes on with a killed run, also when only how it is done has changed', async () => {
  using yard = new Yard()
  yard.plan(waiting('b'))
  const messages = await yard.killedAt(event('attempt-identified', 'b'))
  yard.write('go', '')
  const { report, events } = await yard.goOn(['deploy', '--concurrency', '3'])
  assert.equal(events[0]?.type, 'run-resumed')
  assert.equal(report.runId, messages[0]?.runId)
  assert.deepEqual(yard.lines(), ['a', 'b', 'c'])
})

test('a plan that has changed since: what differs is said, with the commands that decide, and exit code 5', async () => {
  using yard = new Yard()
  yard.plan(waiting('b'))
  const messages = await yard.killedAt(event('attempt-identified', 'b'))
  yard.plan(`${waiting('other')}  d: { run: "true" }\n`)
  const resumed = await yard.plimsoll(['resume'])
  assert.equal(resumed.code, 5)
  assert.match(resumed.stderr, /RUN_CHANGED.*task changed: "b" \(run\)/)
  const deployed = await yard.plimsoll(['deploy'])
  assert.equal(deployed.code, 5)
  assert.match(deployed.stderr, /task changed: "b" \(run\); task new: "d"/)
  assert.match(deployed.stderr, /resume \S+ --recorded.*deploy --go-on.*deploy --fresh/)
  yard.write('go', '')
  const { report } = await yard.resume('--recorded')
  assert.equal(statusesOf(report), 'a succeeded, b succeeded, c succeeded')
  assert.deepEqual(yard.lines(), ['a', 'b', 'c'])
  assert.deepEqual(orphansOf(messages), [])
})

/** `b` is too slow for a tenth of a second on every machine. */
const slow = (keys: string): string => `
  a: { run: echo a >>count }
  b: { needs: a, run: "echo b >>count; sleep 2", ${keys} }
`

test('a timeout, a limit and retries that the file says now hold from the next resume on, and are recorded', async () => {
  using yard = new Yard()
  yard.plan(slow('timeout: 100ms'))
  const { report: first } = await yard.goOn(['deploy', '--no-undo', '--concurrency', '3', '--memory', '90%'])
  assert.equal(first.tasks.b?.error?.code, 'TASK_TIMEOUT')
  yard.plan(slow('timeout: 9m, memory: 77MiB, retry: { attempts: 2, delay: 1ms }'))
  const recorded = await yard.resume('--recorded')
  assert.equal(recorded.report.tasks.b?.error?.code, 'TASK_TIMEOUT')
  const { code, report } = await yard.resume()
  assert.equal(code, 0)
  assert.equal(statusesOf(report), 'a succeeded, b succeeded')
  assert.deepEqual(yard.lines(), ['a', 'b', 'b', 'b'])
  const { tasks, options, digest } = await recordedPlan(yard)
  const b = tasks.find(({ name }) => name === 'b')
  assert.deepEqual([b?.timeoutMs, b?.limitBytes, b?.retry.maxAttempts], [540_000, 77 * 2 ** 20, 2])
  assert.deepEqual(
    [options.executor.maxConcurrentTasks, options.executor.memoryPressureThreshold],
    [3, 0.9],
    'what the command line said of this run still holds',
  )
  const text = readFileSync(join(yard.path, 'plimsoll.yaml'))
  assert.equal(digest, createHash('sha256').update(text).digest('hex'))
  assert.deepEqual(await problemsOf(yard), [])
})

test('a killed run keeps its name, and takes the timeouts that the file says now', async () => {
  using yard = new Yard()
  yard.plan(waiting('b'))
  await yard.killedAt(event('attempt-identified', 'b'))
  yard.plan(waiting('b').replace(/(c: .*) }/, '$1, timeout: 1m }'))
  const text = readFileSync(join(yard.path, 'plimsoll.yaml'), 'utf8')
  yard.write('plimsoll.yaml', text.replace('name: shop', 'name: store'))
  yard.write('go', '')
  const { report } = await yard.resume()
  assert.equal(statusesOf(report), 'a succeeded, b succeeded, c succeeded')
  const plan = await recordedPlan(yard)
  assert.equal(plan.name, 'shop')
  assert.equal(plan.tasks.find(({ name }) => name === 'c')?.timeoutMs, 60_000)
})

test('a consent that the file asks for no more is a change that somebody decides on', async () => {
  using yard = new Yard()
  yard.plan(fails(', approve: true'))
  const { code } = await yard.goOn(['deploy', '--no-undo'])
  assert.equal(code, 5)
  yard.plan(fails())
  const { code: refused, stderr } = await yard.plimsoll(['resume'])
  assert.equal(refused, 5)
  assert.match(stderr, /RUN_CHANGED.*task without "approve" now: "b"/)
  assert.deepEqual(yard.lines(), ['a'])
})

test('a hook that has moved to another list of the plan does something else, and nothing is done before somebody decides', async () => {
  using yard = new Yard()
  const hook = '{ z: { run: "true" } }'
  yard.plan(`${waiting('b')}after: ${hook}\n`)
  await yard.killedAt(event('attempt-identified', 'b'))
  yard.plan(`${waiting('b')}before: ${hook}\n`)
  yard.write('go', '')
  const { code, stderr } = await yard.plimsoll(['deploy'])
  assert.equal(code, 5)
  assert.match(stderr, /RUN_CHANGED.*task changed: "z" \(now in before\)/)
  assert.deepEqual(yard.lines(), ['a', 'b'])
})

const filled = `
  a: { run: echo a >>count }
  b: { needs: a, run: "test -e go", timeout: "\${SHOP_LONGEST:-1m}" }
  c: { needs: b, exec: [sh, -c, 'echo "$0" >>count', "image \${SHOP_IMAGE:-none}"] }
`

async function failed(yard: Yard, variables: NodeJS.ProcessEnv): Promise<void> {
  yard.plan(filled)
  const { code, stderr } = await yard.plimsoll(['deploy', '--no-undo'], variables)
  assert.equal(code, 1, stderr)
  yard.write('go', '')
}

test('a variable that fills a task with something else now is a change that somebody decides on', async () => {
  using yard = new Yard()
  await failed(yard, { SHOP_IMAGE: 'first-value' })
  const { code, stderr } = await yard.plimsoll(['resume'], { SHOP_IMAGE: 'second-value' })
  assert.equal(code, 5, stderr)
  assert.match(
    stderr,
    /RUN_CHANGED.*: environment variables changed: SHOP_IMAGE; task changed: "c" \(exec\)\n/,
  )
  assert.deepEqual(yard.lines(), ['a'])
  const { filledFrom = {} } = await recordedPlan(yard)
  assert.deepEqual(Object.keys(filledFrom).toSorted(), ['SHOP_IMAGE', 'SHOP_LONGEST'])
  assert.doesNotMatch(`${stderr}${JSON.stringify(filledFrom)}`, /first-value|second-value/)
  const recorded = await yard.plimsoll(['resume', '--recorded'], { SHOP_IMAGE: 'second-value' })
  assert.equal(recorded.code, 0, recorded.stderr)
  assert.deepEqual(yard.lines(), ['a', 'image first-value'])
})

test('a variable that is the same, or is not set any more, leaves the run as it was', async () => {
  for (const now of [{ SHOP_IMAGE: 'one' }, {}, { SHOP_IMAGE: '' }]) {
    using yard = new Yard()
    await failed(yard, { SHOP_IMAGE: 'one' })
    const { code, stderr } = await yard.plimsoll(['resume'], now)
    assert.equal(code, 0, stderr)
    assert.deepEqual(yard.lines(), ['a', 'image one'])
  }
})

test('a variable that was not set, and fills a task now, is a change', async () => {
  using yard = new Yard()
  await failed(yard, {})
  const { code, stderr } = await yard.plimsoll(['resume'], { SHOP_IMAGE: 'one' })
  assert.equal(code, 5, stderr)
  assert.match(stderr, /RUN_CHANGED.*environment variables changed: SHOP_IMAGE;/)
})

test('a variable that fills a limit holds as it is now, as a limit of the file does', async () => {
  using yard = new Yard()
  await failed(yard, {})
  const { code, stderr } = await yard.plimsoll(['resume'], { SHOP_LONGEST: '7m' })
  assert.equal(code, 0, stderr)
  const { tasks } = await recordedPlan(yard)
  assert.equal(tasks.find(({ name }) => name === 'b')?.timeoutMs, 420_000)
})

test('an earlier version that runs again is what was recorded of it, whatever the variables are now', async () => {
  using yard = new Yard()
  yard.plan(filled)
  yard.write('go', '')
  const first = await yard.plimsoll(['deploy', '--version', '1'], { SHOP_IMAGE: 'one' })
  assert.equal(first.code, 0, first.stderr)
  rmSync(join(yard.path, 'go'))
  const now = { SHOP_IMAGE: 'two' }
  assert.equal((await yard.plimsoll(['rollback', '--to', '1', '--yes'], now)).code, 1)
  yard.write('go', '')
  const { code, stderr } = await yard.plimsoll(['resume'], now)
  assert.equal(code, 0, stderr)
  assert.deepEqual(yard.lines(), ['a', 'image one', 'a', 'image one'])
})

test('of variables nothing is said that a record does not know', async () => {
  using yard = new Yard()
  await failed(yard, { SHOP_IMAGE: 'one' })
  using database = new DatabaseSync(join(yard.path, '.plimsoll/plimsoll.db'))
  database.exec(`update runs set definition = json_remove(definition, '$.filledFrom')`)
  const { code, stderr } = await yard.plimsoll(['resume'], { SHOP_IMAGE: 'two' })
  assert.equal(code, 0, stderr)
  assert.deepEqual(yard.lines(), ['a', 'image one'])
})

test('a plan whose file is gone goes on as it was recorded, and that is said', async () => {
  using yard = new Yard()
  yard.plan(waiting('b'))
  await yard.killedAt(event('attempt-identified', 'b'))
  rmSync(join(yard.path, 'plimsoll.yaml'))
  yard.write('go', '')
  const { code, stderr } = await yard.resume()
  assert.equal(code, 0)
  assert.match(
    stderr,
    /^note: the plan \S+plimsoll\.yaml is not there any more; what was recorded of it counts\n/,
  )
})

test('--go-on takes the plan as it is: what changed is stopped and run again, with what needs it', async () => {
  using yard = new Yard()
  yard.plan(waiting('b'))
  const messages = await yard.killedAt(event('attempt-identified', 'b'))
  await yard.until(() => yard.lines().length === 2)
  yard.plan(waiting('other'))
  const { report } = await yard.goOn(['deploy', '--go-on'], (message) => {
    if (message.type === 'attempt-ended' && message.task === 'b') yard.write('go', '')
  })
  assert.equal(report.runId, messages[0]?.runId)
  assert.equal(statusesOf(report), 'a succeeded, b succeeded, c succeeded')
  assert.deepEqual(yard.lines(), ['a', 'b', 'other', 'c'])
  assert.deepEqual(orphansOf(messages), [])
  assert.deepEqual(await problemsOf(yard), [])
})

test('a task that is gone from the plan and still runs is not left alone: the plan as it was, or a new run', async () => {
  using yard = new Yard()
  yard.plan(waiting('b'))
  const messages = await yard.killedAt(event('attempt-identified', 'b'))
  yard.plan('  a: { run: echo a >>count }\n')
  const { code, stderr } = await yard.plimsoll(['deploy', '--go-on'])
  assert.equal(code, 5)
  assert.match(stderr, /RUN_CHANGED.*"b" was under way and is gone from the plan/)
  yard.write('go', '')
  await yard.resume('--recorded')
  assert.deepEqual(orphansOf(messages), [])
})

test('--fresh gives the killed run up: what ran of it is stopped, its record is closed, a new run begins', async () => {
  using yard = new Yard()
  yard.plan(waiting('b'))
  const messages = await yard.killedAt(event('attempt-identified', 'b'))
  await yard.until(() => yard.lines().length === 2)
  const { report } = await yard.goOn(['deploy', '--fresh'], (message) => {
    if (message.type === 'run-started') {
      assert.deepEqual(orphansOf(messages), [])
      yard.write('go', '')
    }
  })
  assert.notEqual(report.runId, messages[0]?.runId)
  assert.deepEqual(yard.lines(), ['a', 'b', 'a', 'b', 'c'])
  const { stdout } = await yard.plimsoll(['runs', '--json'])
  const statuses = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).status)
  assert.deepEqual(statuses, ['succeeded', 'interrupted'])
})

test('tasks of a hook that were under way are seen to their end, and none of them twice', async () => {
  using yard = new Yard()
  yard.write(
    'plimsoll.yaml',
    `name: shop
before: { open: { run: "echo open >>count; sleep 0.5" } }
after: { close: { run: "echo close >>count; sleep 0.5" } }
tasks:
  a: { run: echo a >>count }
`,
  )
  await yard.killedAt((message) => message.type === 'attempt-identified' && message.phase === 'before')
  await yard.killedAt(
    (message) => message.type === 'attempt-identified' && message.phase === 'after',
    ['resume'],
  )
  const { report } = await yard.resume()
  assert.equal(report.status, 'succeeded')
  assert.equal(report.hooks?.after?.close?.status, 'succeeded')
  assert.deepEqual(yard.lines(), ['open', 'a', 'close'])
  assert.deepEqual(await problemsOf(yard), [])
})

test('of two that go on at once one does', async () => {
  using yard = new Yard()
  yard.plan(waiting('b'))
  await yard.killedAt(event('attempt-identified', 'b'))
  const resumed = Promise.withResolvers<void>()
  const first = yard.goOn(['resume'], ({ type }) => {
    if (type === 'run-resumed') resumed.resolve()
  })
  await Promise.race([resumed.promise, first])
  const { code, stderr } = await yard.plimsoll(['resume'])
  assert.equal(code, 3, stderr)
  assert.match(stderr, /LOCK_HELD/)
  yard.write('go', '')
  assert.equal((await first).report.status, 'succeeded')
  assert.deepEqual(yard.lines(), ['a', 'b', 'c'])
})

test('a run that is not there, or a directory without a record, is told, and nothing is made', async () => {
  using yard = new Yard()
  yard.plan('  a: { run: echo a >>count }\n')
  const nothing = await yard.plimsoll(['resume'])
  assert.equal(nothing.code, 2)
  assert.match(nothing.stderr, /RUN_UNKNOWN.*nothing has been recorded/)
  assert.equal(yard.has('.plimsoll'), false)
  await yard.goOn(['deploy'])
  const unknown = await yard.plimsoll(['resume', '1999'])
  assert.equal(unknown.code, 2)
  assert.match(unknown.stderr, /no run "1999" is recorded/)
})

test('a damaged record is refused and kept as it is', async () => {
  using yard = new Yard()
  yard.plan(waiting('b'))
  const messages = await yard.killedAt(event('attempt-identified', 'b'))
  const file = join(yard.path, '.plimsoll/plimsoll.db')
  const damaged = readFileSync(file).fill(7, 100)
  writeFileSync(file, damaged)
  for (const ending of ['-wal', '-shm']) rmSync(`${file}${ending}`, { force: true })
  const { code, stderr } = await yard.plimsoll(['resume'])
  assert.equal(code, 2)
  assert.match(stderr, /STATE_CORRUPT/)
  assert.match(stderr, /fix: /)
  assert.deepEqual(readFileSync(file), damaged)
  yard.write('go', '')
  await yard.until(() => orphansOf(messages).length === 0)
})
