import assert from 'node:assert/strict'
import { type DoneTask, openJournal } from '../../src/journal/journal.ts'
import { onBothStores } from '../store/both-stores.ts'
import { engine, plan } from './samples.ts'

const done = (environment: string | null, task = 'build'): DoneTask => ({
  ...{ plan: plan.name, environment, task, runId: 'r1', atMs: 5, digest: `of ${task}`, outputsDigest: null },
  outputs: { url: 'http://x', __proto__x: 'ünïcode\n' },
  parts: new Map([
    ['file ../a "b"', 'x'],
    ['command', 'y'],
  ]),
})

onBothStores(
  'what a task did last is kept for its plan and environment until it is started again',
  async (openEmpty) => {
    await using store = await openEmpty()
    const journal = openJournal(store)
    await journal.openRun({ runId: 'r2', plan, startedAtMs: 1, engine, host: 'h' })
    const kept = [done('staging'), done(null), done('production'), done('staging', 'other')]
    for (const one of kept) await journal.keepDone(one)
    const found = () => Promise.all(kept.map((one) => journal.done(one.plan, one.environment, one.task)))
    assert.deepEqual(await found(), kept)
    assert.equal(await journal.done('other plan', 'staging', 'build'), null)

    const newer = { ...done('staging'), digest: 'newer', outputsDigest: 'made', parts: null }
    await journal.keepDone(newer)
    assert.deepEqual(await journal.done(plan.name, 'staging', 'build'), newer)

    // The plan of the run is for staging.
    const started = { type: 'task-started', runId: 'r2', atMs: 2, task: 'build', reservedBytes: 0 } as const
    await journal.record({ ...started, phase: 'deploy' })
    assert.deepEqual(await found(), [null, ...kept.slice(1)])
    await journal.record({ ...started, phase: 'undo', task: 'other' })
    assert.deepEqual(await found(), [null, kept[1], kept[2], null])
  },
)
