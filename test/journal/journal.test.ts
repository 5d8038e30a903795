import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PlimsollError } from '../../src/errors.ts'
import { type Journal, newRunId, openJournal } from '../../src/journal/journal.ts'
import type { DeployEvent, MemoryPoint, Phase } from '../../src/spine.ts'
import type { Store } from '../../src/store/store.ts'
import { onBothStores } from '../store/both-stores.ts'
import { anyEvent, engine, plan, reportOf, result, taskReport } from './samples.ts'

function check(title: string, body: (journal: Journal, store: Store) => Promise<void>): void {
  onBothStores(title, async (openEmpty) => {
    await using store = await openEmpty()
    await body(openJournal(store), store)
  })
}

const opened = (runId: string, startedAtMs = 1_000) => ({
  runId,
  plan,
  startedAtMs,
  engine,
  pidNamespace: 'pid:[7]',
  host: 'runner-7',
})

async function eventsOf(journal: Journal, runId: string): Promise<readonly DeployEvent[]> {
  const events: DeployEvent[] = []
  for await (const event of journal.events(runId)) events.push(event)
  return events
}

/** Objects of any prototype and key order as plain data. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const unknown = (says: RegExp) => (error: unknown) =>
  error instanceof PlimsollError && error.code === 'RUN_UNKNOWN' && says.test(error.message)

check(
  'any events come back as they were recorded, in the order of the calls, but for memory',
  async (journal) => {
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyEvent('this'), { maxLength: 30 }),
        fc.array(anyEvent('other'), { maxLength: 5 }),
        async (these, others) => {
          run += 1
          const here = these.map((event) => ({ ...event, runId: `this-${run}` }))
          const there = others.map((event) => ({ ...event, runId: `other-${run}` }))
          await journal.openRun(opened(`this-${run}`))
          await journal.openRun(opened(`other-${run}`))
          await Promise.all([...here, ...there].map((event) => journal.record(event)))
          const kept = here.filter((event) => event.type !== 'memory')
          assert.deepEqual(plain(await eventsOf(journal, `this-${run}`)), plain(kept))
        },
      ),
      { numRuns: 60 },
    )
  },
)

check('a journal that is opened again goes on where the killed one was', async (journal, store) => {
  const stopping = (how: 'gently' | 'at once'): DeployEvent => ({
    type: 'stopping',
    runId: 'a',
    atMs: 1,
    phase: 'deploy',
    how,
  })
  await journal.openRun(opened('a'))
  await journal.record(stopping('gently'))
  await openJournal(store).record(stopping('at once'))
  assert.deepEqual(await eventsOf(journal, 'a'), [stopping('gently'), stopping('at once')])
})

check('an event of a run that was never opened is refused', async (journal) => {
  const event: DeployEvent = { type: 'stopping', runId: 'nobody', atMs: 1, phase: 'deploy', how: 'gently' }
  await assert.rejects(journal.record(event), PlimsollError)
  assert.deepEqual(await eventsOf(journal, 'nobody'), [])
})

check('a run is running until its report is recorded, and keeps its plan whole', async (journal) => {
  await journal.openRun(opened('a'))
  await journal.record({
    ...{ type: 'run-started', runId: 'a', atMs: 1_001, plan: plan.name, version: '2', environment: null },
    ...{ tasks: ['build'], capacityBytes: 800, loadLineBytes: 680 },
  })
  const running = await journal.run('a')
  assert.equal(running.status, 'running')
  assert.deepEqual(running.engine, engine)
  assert.deepEqual(running.definition, plan)
  assert.equal(running.report, null)
  await journal.closeRun(reportOf('a'))
  const { definition, report, ...rest } = await journal.run('a')
  assert.deepEqual(definition, plan)
  assert.deepEqual(report, reportOf('a'))
  assert.deepEqual(rest, {
    ...{
      runId: 'a',
      plan: 'storefront',
      version: '2',
      environment: 'staging',
      file: plan.file,
      digest: 'ab12',
    },
    ...{ host: 'runner-7', taskCount: 1, status: 'succeeded', engine, pidNamespace: 'pid:[7]' },
    ...{ startedAtMs: 1_000, endedAtMs: 9_000 },
    ...{ durationMs: 8_000, peakMemoryBytes: 5_000, capacityBytes: 800, loadLineBytes: 680 },
    ...{ options: { failFast: false, undo: true, force: false }, undoBecause: null },
  })
})

check('a run is found by its id, the beginning of its id, or as the last', async (journal) => {
  await assert.rejects(journal.run('last'), unknown(/no run is recorded yet/))
  for (const [index, id] of ['20261123-1015', '20261123-1015-k3f9', '20261124-0900-x2b7'].entries()) {
    await journal.openRun(opened(id, index))
  }
  assert.equal((await journal.run('last')).runId, '20261124-0900-x2b7')
  assert.equal((await journal.run('20261124')).runId, '20261124-0900-x2b7')
  assert.equal((await journal.run('20261123-1015')).runId, '20261123-1015')
  await assert.rejects(journal.run('2026'), unknown(/beginning of more than one run: 20261123-1015, /))
  await assert.rejects(journal.run('20261124-0900-x2b8'), unknown(/did you mean "20261124-0900-x2b7"/))
  for (const wild of ['', '%', '2026%', '_', "'"]) await assert.rejects(journal.run(wild), unknown(/./))
})

check(
  'the last run is the one that was begun last, or is not over, whatever the clocks said',
  async (journal) => {
    const last = async () => (await journal.lastRun(plan.name, plan.environment))?.runId
    assert.equal(await last(), undefined)
    await journal.openRun(opened('next year', 9_000))
    await journal.closeRun(reportOf('next year'))
    assert.equal(await last(), 'next year')
    await journal.openRun(opened('killed today', 1_000))
    assert.equal(await last(), 'killed today')
    assert.equal(await journal.lastRun(plan.name, 'production'), null)
    await journal.closeRun(reportOf('killed today'))
    assert.equal(await last(), 'killed today')
    assert.equal((await journal.run('last')).runId, 'killed today')
    assert.deepEqual(
      (await journal.runs({ limit: 5 })).map(({ runId }) => runId),
      ['killed today', 'next year'],
    )
  },
)

check(
  'runs are listed newest first, page by page, also when some started at the same moment',
  async (journal) => {
    const ids = ['a', 'b', 'c', 'd', 'e']
    for (const [index, id] of ids.entries()) await journal.openRun(opened(id, Math.floor(index / 2)))
    const seen: string[] = []
    for (let before: string | undefined; seen.length < ids.length; before = seen.at(-1)) {
      const page = await journal.runs({ limit: 2, ...(before === undefined ? {} : { before }) })
      seen.push(...page.map((run) => run.runId))
    }
    assert.deepEqual(seen, ids.toReversed())
    assert.deepEqual(await journal.runs({ limit: 2, before: 'a' }), [])
    await assert.rejects(journal.runs({ limit: 2, before: 'zz' }), unknown(/zz/))
  },
)

const point = (atMs: number, usedBytes: number): MemoryPoint => ({
  ...{ atMs, usedBytes, tasksBytes: 20, claimBytes: 30, loadLineBytes: 850, capacityBytes: 1_000 },
})

check('the memory of a run is kept point by point, each in the place of its time', async (journal) => {
  await journal.openRun(opened('a'))
  await journal.openRun(opened('b'))
  assert.deepEqual(await journal.memory('a'), [])
  await journal.keepMemory('a', { points: [point(2_000, 5.4), point(1_000, 6)], replace: false })
  await journal.keepMemory('b', { points: [point(1_000, 1)], replace: false })
  await journal.keepMemory('a', { points: [point(2_000, 9), point(3_000, 7)], replace: false })
  assert.deepEqual(await journal.memory('a'), [point(1_000, 6), point(2_000, 9), point(3_000, 7)])
  await journal.keepMemory('a', { points: [point(1_000, 9)], replace: true })
  assert.deepEqual(await journal.memory('a'), [point(1_000, 9)])
  assert.deepEqual(await journal.memory('b'), [point(1_000, 1)])
  await assert.rejects(journal.keepMemory('nobody', { points: [point(1, 1)], replace: false }), PlimsollError)
})

const at = { runId: 'a', phase: 'deploy' as Phase, task: 'build' }
const identity = { pid: 33, startTicks: 44, bootId: 'boot', token: 'token-1' }
const open: DeployEvent = {
  ...{
    ...at,
    type: 'attempt-opened',
    atMs: 3,
    attempt: 1,
    token: 'token-1',
    kind: 'exec',
    log: 'runs/a/1.log',
  },
}

check('an attempt is open, then identified, then has its result', async (journal) => {
  await journal.openRun(opened('a'))
  await journal.record(open)
  const base = {
    ...{ phase: 'deploy', task: 'build', attempt: 1, kind: 'exec', token: 'token-1' },
    ...{ engine: 1, openedAtMs: 3, host: null, bootId: null },
  }
  const unended = {
    ...base,
    log: 'runs/a/1.log',
    status: 'open',
    endedAtMs: null,
    result: null,
    nextInMs: null,
  }
  assert.deepEqual(await journal.attempts('a'), [{ ...unended, identity: null }])
  await journal.record({ ...at, type: 'attempt-identified', atMs: 4, attempt: 1, identity, service: false })
  assert.deepEqual(await journal.attempts('a'), [{ ...unended, identity, bootId: identity.bootId }])
  const error = { code: 'TASK_FAILED' as const, message: 'exit code 3', fix: 'read' }
  const failed = { ...result, exitCode: 3, error, lastOutput: 'no such file', leftovers: [7] }
  await journal.record({ ...at, type: 'attempt-ended', atMs: 5, attempt: 1, result: failed, nextInMs: 1_000 })
  const ended = { status: 'failed', endedAtMs: 5, result: failed, nextInMs: 1_000 }
  assert.deepEqual(await journal.attempts('a'), [{ ...unended, identity, bootId: identity.bootId, ...ended }])
})

check(
  'the engines of a run are known in their order, and which of them began an attempt',
  async (journal) => {
    await journal.openRun(opened('a'))
    const second = { ...engine, pid: 12, token: 'second' }
    const resumed = { runId: 'a', plan, host: 'runner-8', forget: [], isUndo: false }
    await journal.resumeRun({
      ...resumed,
      engine: second,
      previousToken: engine.token,
      pidNamespace: 'pid:[8]',
    })
    await journal.record(open)
    assert.equal((await journal.attempts('a'))[0]?.engine, 2)
    const engines = await journal.engines('a')
    assert.deepEqual(
      engines.map(({ number, host, identity }) => [number, host, identity]),
      [
        [2, 'runner-8', second],
        [1, 'runner-7', engine],
      ],
    )
    assert.equal(engines[0]?.pidNamespace, 'pid:[8]')
  },
)

check('an attempt that is opened again forgets how it ended before', async (journal) => {
  await journal.openRun(opened('a'))
  await journal.record(open)
  await journal.record({ ...at, type: 'attempt-ended', atMs: 5, attempt: 1, result, nextInMs: null })
  await journal.record({ ...open, atMs: 6, token: 'token-2' })
  const [attempt, ...others] = await journal.attempts('a')
  assert.deepEqual([attempt?.status, attempt?.token, attempt?.result, others], ['open', 'token-2', null, []])
})

check('a task waits, runs and ends, and its undo is kept beside it', async (journal) => {
  await journal.openRun(opened('a'))
  const states: unknown[] = []
  const record = async (event: DeployEvent): Promise<void> => {
    await journal.record(event)
    const tasks = await journal.tasks('a')
    states.push(tasks.map(({ phase, status, report }) => [phase, status, report]))
  }
  const undone = { ...taskReport, status: 'undone' as const }
  await record({ ...at, type: 'task-waiting', atMs: 1, reason: 'memory', message: 'needs 800 MiB' })
  await record({ ...at, type: 'task-started', atMs: 2, reservedBytes: 7_000 })
  await record({ ...at, type: 'task-ended', atMs: 3, report: taskReport })
  await record({ ...at, type: 'task-ended', atMs: 4, phase: 'undo', report: undone })
  assert.deepEqual(states, [
    [['deploy', 'waiting', null]],
    [['deploy', 'running', null]],
    [['deploy', 'succeeded', taskReport]],
    [
      ['deploy', 'succeeded', taskReport],
      ['undo', 'undone', undone],
    ],
  ])
  const [task] = await journal.tasks('a')
  assert.deepEqual(task?.lastWait, { reason: 'memory', message: 'needs 800 MiB' })
  assert.deepEqual([task?.startedAtMs, task?.endedAtMs, task?.reservedBytes], [2, 3, 7_000])
})

check('what was measured stands in columns of its own', async (journal, store) => {
  await journal.openRun(opened('a'))
  await journal.record({ ...at, type: 'task-ended', atMs: 3, report: taskReport })
  const [row] = await store.read<object>(
    `select duration_ms, waited_ms, cpu_ms, peak_lower_bytes, peak_upper_bytes, exit_code, enforcement, wait_reasons
     from tasks where run_id = 'a'`,
  )
  assert.deepEqual(
    { ...row },
    {
      ...{ duration_ms: 1_200, waited_ms: 30, cpu_ms: 900, peak_lower_bytes: 5_000, peak_upper_bytes: null },
      ...{ exit_code: 0, enforcement: 'watchdog', wait_reasons: '{"memory":30}' },
    },
  )
})

check('services that were left running are listed newest first, other processes are not', async (journal) => {
  for (const [index, id] of ['a', 'b'].entries()) {
    const service = { ...identity, token: `service-${id}` }
    await journal.openRun(opened(id))
    await journal.record({ ...open, runId: id, token: service.token })
    const identified = { ...at, runId: id, type: 'attempt-identified' as const, atMs: index, attempt: 1 }
    await journal.record({ ...identified, identity, service: false })
    await journal.record({ ...identified, identity: service, service: true })
    await journal.record({ ...identified, identity: { ...service, pid: 55 }, service: true })
  }
  const services = await journal.services()
  assert.deepEqual(
    services.map((service) => [service.runId, service.identity.token, service.identity.pid, service.log]),
    [
      ['b', 'service-b', 55, 'runs/a/1.log'],
      ['a', 'service-a', 55, 'runs/a/1.log'],
    ],
  )
  assert.equal(services[0]?.plan, 'storefront')
})

check('the past of a task is its last succeeded attempts in the last runs of the plan', async (journal) => {
  const attempt = async (
    runId: string,
    durationMs: number,
    upper: number | null,
    failed = false,
  ): Promise<void> => {
    await journal.record({ ...open, runId, token: runId })
    const error = failed ? { code: 'TASK_FAILED' as const, message: '', fix: '' } : null
    const measured = { ...result, durationMs, peakMemoryBytes: { lower: 10, upper }, error }
    await journal.record({
      ...at,
      runId,
      type: 'attempt-ended',
      atMs: 1,
      attempt: 1,
      result: measured,
      nextInMs: null,
    })
  }
  for (let index = 0; index < 40; index += 1) {
    await journal.openRun(opened(`run-${index}`, index))
    // The oldest would change everything; the newest of all failed.
    await attempt(
      `run-${index}`,
      index < 15 ? 1e6 : index,
      index < 15 ? 1e9 : index === 30 ? 500 : null,
      index === 39,
    )
  }
  await journal.openRun({ ...opened('elsewhere', 99), plan: { ...plan, name: 'another' } })
  await attempt('elsewhere', 1, 1e12)
  const past = await journal.pastTasks('storefront')
  assert.deepEqual([...past], [['build', { durationMs: 28, peakMemoryBytes: 500, runs: 20 }]])
  assert.equal((await journal.pastTasks('nothing')).size, 0)
})

check('an event of any size is kept within 1 MiB, and one that fits is not cut', async (journal, store) => {
  await journal.openRun(opened('a'))
  const fits = { ...result, outputs: { big: 'x'.repeat(1_000_000) } }
  const tooBig = { ...result, lastOutput: 'é'.repeat(5e6), outputs: { a: '\n'.repeat(5e6), ok: 'short' } }
  const ended = { ...at, type: 'attempt-ended' as const, atMs: 1, attempt: 1, nextInMs: null }
  await journal.record({ ...ended, result: fits })
  await journal.record({ ...ended, result: tooBig })
  const manyTasks = Array.from({ length: 300_000 }, (_, index) => `task ${index}`)
  await journal.record({ type: 'undo-started', runId: 'a', atMs: 1, tasks: manyTasks, because: 'it failed' })
  const [first, second, third] = await eventsOf(journal, 'a')
  assert.deepEqual(first, { ...ended, result: fits })
  assert.ok(second?.type === 'attempt-ended' && second.result.outputs.ok === 'short')
  assert.equal(second.result.peakMemoryBytes.upper, result.peakMemoryBytes.upper)
  assert.ok(third?.type === 'undo-started' && third.because === 'it failed' && third.tasks[0] === 'task 0')
  const [longest] = await store.read<{ n: number }>('select max(length(body)) as n from events')
  assert.ok((longest?.n ?? Number.NaN) <= 1024 ** 2)
})

test('ids of runs say when the run started, sort by time, and need no quoting', () => {
  assert.match(
    newRunId(Date.UTC(2026, 10, 23, 10, 15, 30), () => 0.5),
    /^20261123-101530-[a-z2-9]{4}$/,
  )
  const ms = fc.integer({ min: 0, max: 4e12 })
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(ms, fc.integer({ min: 1_000, max: 1e11 }), chance, (nowMs, laterMs, random) => {
      const first = newRunId(nowMs, () => random)
      assert.match(first, /^\d{8}-\d{6}-[a-z2-9]{4}$/)
      assert.ok(first < newRunId(nowMs + laterMs, () => 0))
    }),
  )
})
