import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { askByKeys } from '../../src/cli/ask-approval.ts'
import { Folder, jsonLines } from './plimsoll.ts'

const plan = `name: shop
environments: { production: { approve: true }, staging: {} }
tasks:
  build: { run: "echo built >> did" }
  other: { needs: [build], run: "echo other >> did" }
  live: { needs: [build], approve: true, run: "echo live >> did", undo: { run: "echo taken back >> did" } }
  after: { needs: [live], run: "echo after >> did" }
`

type Report = {
  readonly runId: string
  readonly status: string
  readonly error?: { readonly code: string; readonly message: string; readonly fix: string }
  readonly approvals?: readonly {
    readonly task: string | null
    readonly answer: string
    readonly reason: string | null
  }[]
  readonly tasks: Readonly<Record<string, { readonly status: string; readonly because?: string }>>
}
const reportIn = (stdout: string): Report => jsonLines(stdout).at(-1) as unknown as Report
const statuses = ({ tasks }: Report) => Object.values(tasks).map(({ status }) => status)

test('plan says who will be asked: of the environment, and of tasks that are not skipped', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  const lineOf = (stdout: string): string | undefined => /^asks for approval +(.*)$/m.exec(stdout)?.[1]
  const plain = await folder.plimsoll(['plan', '--env', 'staging'])
  assert.equal(lineOf(plain.stdout), 'before live', plain.stdout + plain.stderr)
  const both = await folder.plimsoll(['plan', '--env', 'production'])
  assert.equal(lineOf(both.stdout), 'before anything goes to production; before live')
  const { stdout } = await folder.plimsoll(['plan', '--env', 'production', '--json'])
  const { asksApproval, tasks } = JSON.parse(stdout)
  assert.equal(asksApproval, true)
  assert.deepEqual(
    tasks
      .filter((task: { asksApproval: boolean }) => task.asksApproval)
      .map(({ task }: { task: string }) => task),
    ['live'],
  )
  folder.write(
    'plimsoll.yaml',
    plan.replace('approve: true, run', 'approve: true, when: environment == "production", run'),
  )
  assert.equal(lineOf((await folder.plimsoll(['plan', '--env', 'staging'])).stdout), undefined)
})

test('a task that asks for approval stops a run that nobody watches once all else is done: exit code 5; approve and resume go on', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  const stopped = await folder.plimsoll(['deploy', '--env', 'staging', '--json'])
  assert.equal(stopped.code, 5, stopped.stdout + stopped.stderr)
  const report = reportIn(stopped.stdout)
  const { runId } = report
  assert.deepEqual([report.status, report.error?.code], ['interrupted', 'APPROVAL_NEEDED'])
  assert.equal(report.error?.message, `"live" of run ${runId} asks for a person's consent`)
  assert.match(
    report.error?.fix ?? '',
    new RegExp(`^plimsoll approve ${runId}, then plimsoll resume ${runId}`),
  )
  assert.deepEqual(statuses(report), ['succeeded', 'succeeded', 'cancelled', 'cancelled'])
  const waiting = jsonLines(stopped.stdout).find(({ type }) => type === 'task-waiting')
  assert.deepEqual([waiting?.task, waiting?.reason], ['live', 'approval'])
  assert.match((await folder.plimsoll(['runs'])).stdout, /interrupted, asks for approval/)
  const shown = await folder.plimsoll(['show'])
  assert.match(shown.stderr, new RegExp(`^"live" waits for approval: plimsoll approve ${runId} live\\n`))

  const approved = await folder.plimsoll(['approve', runId, '--reason', 'all green'])
  assert.deepEqual([approved.code, approved.stdout], [0, `approved: "live" of run ${runId}\n`])
  assert.match(approved.stderr, new RegExp(`plimsoll resume ${runId}`))
  assert.equal((await folder.plimsoll(['approve', runId])).code, 2)
  const resumed = await folder.plimsoll(['resume', runId, '--json'])
  assert.equal(resumed.code, 0, resumed.stdout + resumed.stderr)
  const end = reportIn(resumed.stdout)
  assert.deepEqual(statuses(end), ['succeeded', 'succeeded', 'succeeded', 'succeeded'])
  assert.deepEqual(
    end.approvals?.map(({ task, answer, reason }) => [task, answer, reason]),
    [['live', 'approved', 'all green']],
  )
  assert.equal((await folder.plimsoll(['show'])).stdout.includes('all green'), true)
  const [entry] = jsonLines((await folder.plimsoll(['audit', '--action', 'approve', '--json'])).stdout)
  assert.deepEqual([entry?.runId, entry?.task, entry?.detail], [runId, 'live', 'all green'])
})

test('every command that a run shows finds its record, wherever that was said to be', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  const state = ['--state', 'else where']
  const option = ` --state '${join(folder.path, 'else where')}'`
  const stopped = await folder.plimsoll(['deploy', '--env', 'staging', ...state])
  assert.equal(stopped.code, 5, stopped.stdout + stopped.stderr)
  const { runId = '' } = /\(run (?<runId>\S+)\)/.exec(stopped.stdout)?.groups ?? {}
  const shows = (text: string, command: string) => assert.ok(text.includes(`${command}${option}`), text)
  shows(stopped.stdout, `waits for approval: plimsoll approve ${runId} live`)
  shows(stopped.stdout, `fix: plimsoll approve ${runId}`)
  shows(stopped.stdout, `, then plimsoll resume ${runId}`)
  const approved = await folder.plimsoll(['approve', runId, ...state])
  shows(approved.stderr, `go on with: plimsoll resume ${runId}`)
  const misread = await folder.plimsoll(['logs', 'build', ...state])
  shows(misread.stderr, 'plimsoll logs last build')
})

test('an environment that asks is approved from another process while the run waits; nothing starts before', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  const child = folder.start(['deploy', '--env', 'production', '--wait-for-approval', '10m', '--json'])
  const said = text(child.stdout)
  let told = ''
  for await (const chunk of child.stderr) {
    told += chunk
    if (told.includes('waits for approval to go to production')) break
  }
  assert.equal(existsSync(join(folder.path, 'did')), false)
  assert.match((await folder.plimsoll(['runs'])).stdout, /running, asks for approval/)
  assert.equal((await folder.plimsoll(['approve', 'last'])).code, 0)
  assert.equal((await folder.plimsoll(['approve', 'last', 'live'])).code, 0)
  const report = reportIn(await said)
  assert.equal(report.status, 'succeeded')
  assert.deepEqual(
    report.approvals?.map(({ task, answer }) => [task, answer]),
    [
      [null, 'approved'],
      ['live', 'approved'],
    ],
  )
})

test('what is denied is not done, what was done stays: exit code 1, and who said so', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  const child = folder.start(['deploy', '--env', 'staging', '--wait-for-approval', '10m', '--json'])
  const said = text(child.stdout)
  const ended = once(child, 'close')
  let isAsked = false
  while (!isAsked) {
    const asked = await folder.plimsoll(['approve', 'last', '--deny', '--reason', 'not on a Friday'])
    isAsked = asked.code === 0
  }
  assert.equal((await ended)[0], 1)
  const report = reportIn(await said)
  assert.deepEqual([report.status, report.error?.code], ['interrupted', 'APPROVAL_DENIED'])
  assert.match(report.error?.message ?? '', / denied it: not on a Friday$/)
  assert.match(report.tasks.live?.because ?? '', / on \S+ denied it: not on a Friday$/)
  assert.equal(report.tasks.after?.status, 'cancelled')
  assert.equal(
    (await folder.plimsoll(['audit', '--action', 'deny'])).stdout.includes('not on a Friday'),
    true,
  )
})

test('an engine that is killed while it waits: what is approved meanwhile is found by the next deploy', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  const child = folder.start(['deploy', '--env', 'staging', '--wait-for-approval', '10m', '--json'])
  const closed = once(child, 'close')
  child.stderr.resume()
  for await (const line of createInterface({ input: child.stdout }))
    if (line.includes('"reason":"approval"')) child.kill('SIGKILL')
  await closed
  assert.equal((await folder.plimsoll(['approve', 'last', 'live'])).code, 0)
  const { code, stdout } = await folder.plimsoll(['deploy', '--env', 'staging', '--json'])
  assert.equal(code, 0)
  assert.deepEqual(statuses(reportIn(stdout)), ['succeeded', 'succeeded', 'succeeded', 'succeeded'])
  const did = readFileSync(join(folder.path, 'did'), 'utf8').trimEnd().split('\n')
  assert.deepEqual(did.toSorted(), ['after', 'built', 'live', 'other'])
})

test('what was approved is not what the plan says now: --go-on asks again', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  assert.equal((await folder.plimsoll(['deploy', '--env', 'staging'])).code, 5)
  assert.equal((await folder.plimsoll(['approve', 'last', 'live'])).code, 0)
  folder.write('plimsoll.yaml', plan.replace('echo live', 'echo something else'))
  const changed = await folder.plimsoll(['deploy', '--env', 'staging', '--go-on', '--json'])
  assert.equal(changed.code, 5)
  assert.equal(reportIn(changed.stdout).error?.code, 'APPROVAL_NEEDED')
  assert.equal((await folder.plimsoll(['approve', 'last', 'live'])).code, 0)
  assert.equal((await folder.plimsoll(['resume', 'last'])).code, 0)
})

test('once a task has failed nobody is asked about others: what was done is undone at once', async () => {
  using folder = new Folder()
  folder.write(
    'plimsoll.yaml',
    `name: shop
tasks:
  a: { run: "true", undo: { run: "echo undone >> did" } }
  live: { approve: true, run: "true" }
  fails: { needs: [a], run: "sleep 1; exit 1", retry: { attempts: 1 } }
`,
  )
  const { code, stdout } = await folder.plimsoll(['deploy', '--wait-for-approval', '10m', '--json'])
  assert.equal(code, 1)
  const report = reportIn(stdout)
  assert.deepEqual([report.status, ...statuses(report)], ['rolled-back', 'undone', 'cancelled', 'failed'])
  assert.equal(report.tasks.live?.because, 'a task failed, and what was done is undone')
  assert.doesNotMatch((await folder.plimsoll(['runs'])).stdout, /asks for approval/)
})

test('a task that waits for approval takes the place of no other', async () => {
  using folder = new Folder()
  const one = 'concurrency: 1\n'
  folder.write(
    'plimsoll.yaml',
    `name: narrow\n${one}tasks:\n  live: { approve: true, run: "true" }\n  other: { run: "true" }\n`,
  )
  const { code, stdout } = await folder.plimsoll(['deploy', '--json'])
  assert.equal(code, 5)
  assert.deepEqual(statuses(reportIn(stdout)), ['cancelled', 'succeeded'])
})

test('--yes answers everything, and the audit knows', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  assert.equal((await folder.plimsoll(['deploy', '--env', 'production', '--yes'])).code, 0)
  const entries = jsonLines((await folder.plimsoll(['audit', '--action', 'approve', '--json'])).stdout)
  assert.deepEqual(
    entries.map(({ task, detail }) => [task, detail]),
    [
      ['live', '--yes'],
      [null, '--yes'],
    ],
  )
})

test('approve refuses a task that asks for nothing, and a run that waits for nothing', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  assert.equal((await folder.plimsoll(['deploy', '--env', 'staging', '--yes'])).code, 0)
  for (const words of [['approve', 'last', 'build'], ['approve', 'last', 'none'], ['approve']]) {
    const { code, stderr } = await folder.plimsoll(words)
    assert.equal(code, 2)
    assert.match(stderr, /^error APPROVAL_UNASKED: /)
  }
})

test('a person at a terminal answers one question after the other by a key; Ctrl-C still interrupts', async () => {
  const raw: boolean[] = []
  const keyboard = Object.assign(new PassThrough(), {
    setRawMode(mode: boolean) {
      raw.push(mode)
      return this as never
    },
  })
  const lines: string[] = []
  const interruptions: string[] = []
  const ask = askByKeys({
    keyboard: keyboard as never,
    say: (line) => void lines.push(line),
    interrupt: () => void interruptions.push('Ctrl-C'),
  })
  const question = { runId: 'r', plan: 'shop', environment: 'production', about: 'deploy' } as const
  const never = new AbortController().signal
  const answers = Promise.all([
    ask({ ...question, task: null }, never),
    ask({ ...question, task: 'live' }, never),
    ask({ ...question, about: 'rollback', task: null }, never),
  ])
  keyboard.write('?\u0003y')
  await new Promise((resolve) => setImmediate(resolve))
  keyboard.write('N')
  await new Promise((resolve) => setImmediate(resolve))
  keyboard.write('y')
  assert.deepEqual(await answers, [{ approved: true }, { approved: false }, { approved: true }])
  assert.deepEqual(lines, [
    'asks whether it may go to production: press y or n',
    'asks whether "live" may start: press y or n',
    'asks whether run r may be undone in production: press y or n',
  ])
  assert.deepEqual(interruptions, ['Ctrl-C'])
  assert.deepEqual(raw, [true, false, true, false, true, false])

  const elsewhere = new AbortController()
  const third = ask({ ...question, task: 'late' }, elsewhere.signal)
  elsewhere.abort()
  assert.equal(await third, null)
})
