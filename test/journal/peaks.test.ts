import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import { mergePeaks } from '../../src/history/history.ts'
import { openJournal, type TaskPeak } from '../../src/journal/journal.ts'
import { openStore, openStoreForReading } from '../../src/store/store.ts'
import { anyPeaks, peakOf } from '../history/peaks.ts'
import { onBothStores } from '../store/both-stores.ts'

class StateDir implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'plimsoll-peaks-'));
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true })
  }
}

/** Which record each is, in any order. */
const identities = (peaks: readonly TaskPeak[]): readonly string[] =>
  peaks.map(({ key, atMs, task }) => `${key} ${atMs} ${task}`).toSorted()

/** The first record of each moment counts, as the journal keeps what it has. */
const firstOfEach = (peaks: readonly TaskPeak[]): readonly TaskPeak[] => [
  ...new Map(peaks.toReversed().map((peak) => [`${peak.key} ${peak.atMs}`, peak])).values(),
]

onBothStores(
  'of each task the newest eight records stay, whatever the order in which they come; the same record is one',
  async (openEmpty) => {
    await using store = await openEmpty()
    const journal = openJournal(store)
    await fc.assert(
      fc.asyncProperty(anyPeaks, anyPeaks, async (first, second) => {
        await store.write([{ sql: 'delete from peaks', parameters: [] }])
        await journal.addPeaks(first)
        await journal.addPeaks([...second, ...first])
        const expected = mergePeaks([firstOfEach([...first, ...second])])
        assert.deepEqual(identities(await journal.peaks()), identities(expected))
      }),
      { numRuns: 15 },
    )
  },
)

onBothStores(
  'a record comes back as it was, the newest first, its numbers whole and no duration zero',
  async (openEmpty) => {
    await using store = await openEmpty()
    const journal = openJournal(store)
    const [old, young] = [peakOf({ atMs: 1 }), peakOf({ atMs: 2, plan: "it's; --", task: 'ü"\n' })]
    await journal.addPeaks([old, young])
    assert.deepEqual(await journal.peaks(), [young, old])
    const fine = { ...old.profile, durationMs: 0.2, peakBytes: 10.6 }
    await journal.addPeaks([peakOf({ atMs: 3, profile: fine })])
    const [newest] = await journal.peaks()
    assert.deepEqual(newest?.profile, { ...old.profile, durationMs: 1, peakBytes: 11 })
  },
)

onBothStores(
  'twenty thousand records are taken over at once, and no more are given back',
  async (openEmpty) => {
    await using store = await openEmpty()
    const journal = openJournal(store)
    const record = peakOf()
    const keyOf = (index: number): string => index.toString(16).padStart(16, '0')
    await journal.addPeaks(
      Array.from({ length: 20_010 }, (_, index) => ({ ...record, key: keyOf(index), atMs: index })),
    )
    const peaks = await journal.peaks()
    assert.equal(peaks.length, 20_000)
    assert.equal(peaks.at(-1)?.atMs, 10)
  },
)

for (const [how, open] of [
  ['writing', openStore],
  ['reading', openStoreForReading],
] as const) {
  test(`a database from before there were peaks is brought up to date when opened for ${how}, with all it holds`, async () => {
    using state = new StateDir()
    mkdirSync(state.path, { recursive: true })
    const folder = new URL('../../src/store/migrations/', import.meta.url)
    {
      using database = new DatabaseSync(join(state.path, 'plimsoll.db'))
      database.exec(readFileSync(new URL('0001-journal.sql', folder), 'utf8'))
      database.exec('pragma user_version = 1; pragma foreign_keys = off')
      database.exec(
        `insert into services (token, run_id, phase, task, attempt, pid, started_ms) values ('t', 'r', 'deploy', 'web', 1, 9, 5)`,
      )
    }
    await using store = await open({ stateDir: state.path })
    assert.ok(store)
    const journal = openJournal(store)
    assert.deepEqual(await journal.peaks(), [])
    const services = await store.read<{ task: string }>('select task from services')
    assert.deepEqual(
      services.map(({ task }) => task),
      ['web'],
    )
    if (how === 'writing') {
      await journal.addPeaks([peakOf()])
      assert.equal((await journal.peaks()).length, 1)
    }
  })
}
