import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openJournal } from '../../src/journal/journal.ts'
import { openStore, openStoreForReading } from '../../src/store/store.ts'
import { peakOf } from '../history/peaks.ts'
import { damageTable } from './damage.ts'

const page = readFileSync(new URL('../../docs/state.md', import.meta.url), 'utf8')
const hasTool = spawnSync('sqlite3', ['-version']).status === 0

test('a damaged record is saved as docs/state.md says: what is on other pages is all there, and can be written to', {
  skip: hasTool ? false : 'sqlite3 is not installed',
}, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-recovery-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const stateDir = join(folder, '.plimsoll')
  const peaks = [1, 2, 3].map((atMs) => peakOf({ atMs }))
  {
    await using store = await openStore({ stateDir })
    await openJournal(store).addPeaks(peaks)
  }
  mkdirSync(join(stateDir, 'runs'))
  damageTable(join(stateDir, 'plimsoll.db'), 'memory_points')

  const commands = /```sh\n(cp -a .*?)```/s.exec(page)?.[1]
  assert.ok(commands)
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin/plimsoll'), '#!/bin/sh\necho "$@" > called\n')
  chmodSync(join(folder, 'bin/plimsoll'), 0o755)
  const ended = spawnSync('sh', ['-ec', commands], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` },
  })
  assert.equal(ended.status, 0, ended.stderr)
  assert.equal(readFileSync(join(folder, 'called'), 'utf8'), 'runs --state saved\n')

  const saved = join(folder, 'saved')
  await using reading = await openStoreForReading({ stateDir: saved })
  assert.ok(reading)
  assert.deepEqual(await openJournal(reading).peaks(), peaks.toReversed())
  await using writing = await openStore({ stateDir: saved })
  await openJournal(writing).addPeaks([peakOf({ atMs: 4 })])
  assert.equal((await openJournal(writing).peaks()).length, 4)
})
