/** The record or the listener fails while a run is under way. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openJournal } from '../../src/journal/journal.ts'
import type { Report, RunMessage } from '../../src/spine.ts'
import { openStoreForReading } from '../../src/store/store.ts'
import { openYard, type Yard } from './deploying.ts'
import { fillSmallDisk, mountSmallDisk, whyNoSmallDisk } from './small-disk.ts'

const skip = whyNoSmallDisk

function reportOf({ messages }: Yard): Report {
  const report = messages.at(-1)
  assert.ok(report?.type === 'report')
  return report
}

test('when nothing can be recorded any more, what succeeded is undone, the report is told and the cause thrown', {
  skip,
}, async () => {
  await using yard = await openYard()
  using disk = mountSmallDisk(yard.dir)
  const text = `
name: full
tasks:
  a: { run: 'touch made', undo: { exec: [rm, made] } }
  fill: { needs: a, run: '${fillSmallDisk}' }
  after: { needs: fill, run: 'touch after' }
`
  await assert.rejects(yard.deploy(text, disk), { code: 'STATE_FULL' })
  assert.deepEqual(readdirSync(yard.dir).sort(), ['plimsoll.yaml', 'small'])
  const report = reportOf(yard)
  assert.equal(report.error?.code, 'STATE_FULL')
  assert.equal(report.status, 'rolled-back')
  assert.equal(report.tasks.a?.status, 'undone')
})

/** The disk is filled only when it is recorded that the task runs; else the run would be stopped before. */
const goOnce = (yard: Yard) => ({
  onEvent: async (message: RunMessage): Promise<void> => {
    yard.messages.push(message)
    if (message.type === 'attempt-identified' && message.phase === 'deploy')
      await writeFile(join(yard.dir, 'small', 'go'), '')
  },
})
const whenRecorded = 'touch made; for i in $(seq 1200); do test -e small/go && break; sleep 0.02; done'

test('a task that ended well is undone also when its own end could not be recorded', { skip }, async () => {
  await using yard = await openYard()
  using disk = mountSmallDisk(yard.dir)
  const text = `name: full\ntasks: { a: { run: '${whenRecorded}; ${fillSmallDisk}', undo: { exec: [rm, made] } } }`
  await assert.rejects(yard.deploy(text, { ...disk, ...goOnce(yard) }), { code: 'STATE_FULL' })
  assert.deepEqual(readdirSync(yard.dir).sort(), ['plimsoll.yaml', 'small'])
  assert.equal(reportOf(yard).tasks.a?.status, 'undone')
})

test('a task that ended well is undone also when its output could not be kept', { skip }, async () => {
  await using yard = await openYard()
  using disk = mountSmallDisk(yard.dir)
  const print = `${whenRecorded}; head -c 600k /dev/zero`
  const text = `name: full\ntasks: { a: { run: '${print}; ${fillSmallDisk}', undo: { exec: [rm, made] } } }`
  await assert.rejects(yard.deploy(text, { ...disk, ...goOnce(yard) }), { code: 'STATE_FULL' })
  assert.deepEqual(readdirSync(yard.dir).sort(), ['plimsoll.yaml', 'small'])
  assert.equal(reportOf(yard).tasks.a?.error?.code, 'STATE_FULL')
})

test('that the output of a task found no room is why it failed, and its diagnosis says so', {
  skip,
}, async () => {
  await using yard = await openYard()
  using disk = mountSmallDisk(yard.dir)
  const print = `${whenRecorded}; head -c 600k /dev/zero`
  const text = `name: full\ntasks: { a: { run: '${print}; ${fillSmallDisk}' } }`
  await assert.rejects(yard.deploy(text, { ...disk, ...goOnce(yard) }), { code: 'STATE_FULL' })
  const { error, diagnosis } = reportOf(yard).tasks.a ?? {}
  assert.equal(error?.code, 'STATE_FULL')
  assert.equal(diagnosis?.cause, 'disk-full')
  assert.match(diagnosis?.evidence[0]?.text ?? '', /^STATE_FULL its output could not be written/)
})

test('so it is where the command fails by that, too: it had no room to say why', { skip }, async () => {
  await using yard = await openYard()
  using disk = mountSmallDisk(yard.dir)
  const print = `${whenRecorded}; head -c 600k /dev/zero`
  const text = `name: full\ntasks: { a: { run: '${print}; ${fillSmallDisk}; exit 3' } }`
  await assert.rejects(yard.deploy(text, { ...disk, ...goOnce(yard) }), { code: 'STATE_FULL' })
  const { error, exitCode, diagnosis } = reportOf(yard).tasks.a ?? {}
  assert.equal(error?.code, 'STATE_FULL')
  assert.equal(exitCode, 3)
  assert.equal(diagnosis?.cause, 'disk-full')
  assert.match(diagnosis?.evidence[0]?.text ?? '', /exit code 3/)
})

test('so it is where not one byte of its output found room', { skip }, async () => {
  await using yard = await openYard()
  using disk = mountSmallDisk(yard.dir)
  const text = `name: full\ntasks: { a: { run: '${whenRecorded}; ${fillSmallDisk}; echo starting || exit 3' } }`
  await assert.rejects(yard.deploy(text, { ...disk, ...goOnce(yard) }), { code: 'STATE_FULL' })
  const { error, exitCode, diagnosis } = reportOf(yard).tasks.a ?? {}
  assert.equal(error?.code, 'STATE_FULL')
  assert.equal(exitCode, 3)
  assert.equal(diagnosis?.cause, 'disk-full')
})

test('a command that a signal ended while the disk was full was ended by that', { skip }, async () => {
  await using yard = await openYard()
  using disk = mountSmallDisk(yard.dir)
  const text = `name: full\ntasks: { a: { run: '${whenRecorded}; ${fillSmallDisk}; kill -SEGV $$' } }`
  await assert.rejects(yard.deploy(text, { ...disk, ...goOnce(yard) }), { code: 'STATE_FULL' })
  const { error, diagnosis } = reportOf(yard).tasks.a ?? {}
  assert.equal(error?.code, 'TASK_FAILED')
  assert.equal(diagnosis?.cause, 'crash')
})

test('an undo goes on to its end when it cannot be recorded any more', { skip }, async () => {
  await using yard = await openYard()
  using disk = mountSmallDisk(yard.dir)
  const text = `
name: full
tasks:
  a: { run: 'touch a', undo: { exec: [rm, a] } }
  b: { needs: a, run: 'touch b', undo: { run: 'rm b; ${fillSmallDisk}' } }
  bad: { needs: b, run: 'exit 1' }
`
  await assert.rejects(yard.deploy(text, disk), { code: 'STATE_FULL' })
  assert.deepEqual(readdirSync(yard.dir).sort(), ['plimsoll.yaml', 'small'])
  assert.equal(reportOf(yard).status, 'rolled-back')
})

const undoable = `
name: listener
tasks:
  a: { run: 'touch a', undo: { exec: [rm, a] } }
  b: { needs: a, run: 'touch b', undo: { exec: [rm, b] } }
  last: { needs: b, run: 'exit 1' }
`

test('a listener that throws does not stop an undo; its first error is thrown when all is done', async () => {
  await using yard = await openYard()
  const heard: string[] = []
  const throwInUndo = ({ type }: RunMessage): void => {
    heard.push(type)
    if (heard.includes('undo-started')) throw new Error(`no ear for ${type}`)
  }
  await assert.rejects(yard.deploy(undoable, { onEvent: throwInUndo }), {
    message: 'no ear for undo-started',
  })
  assert.deepEqual(readdirSync(yard.dir).sort(), ['.plimsoll', 'plimsoll.yaml'])
  assert.equal(heard.at(-1), 'report')
})

for (const type of ['run-started', 'task-started', 'attempt-ended', 'task-ended', 'report'] as const) {
  test(`a listener that throws at ${type} ends the run: nothing stays, the record is closed, its error is thrown`, async () => {
    await using yard = await openYard()
    const error = new Error('not this one')
    const onEvent = async (message: RunMessage): Promise<void> => {
      if (message.type === type && !('task' in message && message.task !== 'b')) throw error
    }
    await assert.rejects(yard.deploy(undoable, { onEvent }), (thrown) => thrown === error)
    assert.deepEqual(readdirSync(yard.dir).sort(), ['.plimsoll', 'plimsoll.yaml'])
    await using store = await openStoreForReading({ stateDir: join(yard.dir, '.plimsoll') })
    assert.ok(store)
    const { report } = await openJournal(store).run('last')
    assert.equal(report?.status, type === 'run-started' ? 'failed' : 'rolled-back')
    assert.equal(report?.error?.message, type === 'report' ? undefined : 'not this one')
  })
}

test('a secret in the error of a listener is masked in the report', async () => {
  await using yard = await openYard()
  const text = `name: s\nsecrets: [KEY]\ntasks: { a: { run: 'true', env: { KEY: "\${secrets.KEY}" } } }`
  const onEvent = (message: RunMessage): void => {
    yard.messages.push(message)
    if (message.type === 'run-started') throw new Error('it was hunter2-hunter2')
  }
  await assert.rejects(yard.deploy(text, { onEvent, variables: { KEY: 'hunter2-hunter2' } }), /it was/)
  const report = reportOf(yard)
  assert.equal(report.error?.message, 'it was ***')
  assert.equal(report.tasks.a?.because, 'the run could not go on: it was ***')
})

test('what a fault has cancelled says so; only a person interrupts', async () => {
  const text = `
name: why
concurrency: 2
tasks:
  quick: { run: 'true' }
  long: { run: 'sleep 60' }
  next: { needs: long, run: 'true' }
  waits: { run: 'true' }
`
  await using yard = await openYard()
  const error = new Error('the listener has gone')
  const isUp = ({ type, task }: { type: string; task?: string }): boolean =>
    type === 'attempt-identified' && task === 'long'
  const onEvent = (message: RunMessage): void => {
    yard.messages.push(message)
    if (isUp(message)) throw error
  }
  await assert.rejects(yard.deploy(text, { onEvent }), error)
  const { long, next } = reportOf(yard).tasks
  const why = 'the run could not go on: the listener has gone'
  assert.equal(long?.error?.message, `it was stopped because ${why}`)
  assert.match(next?.because ?? '', new RegExp(why))

  await using other = await openYard()
  const stop = new AbortController()
  const stopOnce = (message: RunMessage): void => {
    if (isUp(message)) stop.abort()
  }
  const report = await other.deploy(text, { onEvent: stopOnce, signal: stop.signal })
  assert.equal(report.tasks.long?.error?.message, 'it was stopped because the run was interrupted')
  assert.equal(report.status, 'interrupted')
})
