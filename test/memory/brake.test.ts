import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Brake, type Nearness } from '../../src/memory/brake.ts'
import { settle } from '../fake-clock.ts'
import { MiB, machine } from './machine.ts'

/** Files of a group with so much in use, as the kernel has them. */
function group(t: TestContext, usageBytes: number, cacheBytes = 0): string {
  return machine(t, {
    'memory.high': 'untouched',
    'memory.current': `${usageBytes}\n`,
    'memory.stat': `anon 1\ninactive_file ${cacheBytes}\nactive_file 2\n`,
  })
}

/** From the line to the limit are 40 MiB. */
const near = (limitRoomBytes: number): Nearness => ({
  limitRoomBytes,
  nearestLimitBytes: 300 * MiB,
  nearestLineBytes: 260 * MiB,
  tasks: 3,
  suspended: 1,
})

/** A brake on a group, and what it has written, in MiB; what another thread is to write has an `*`. */
function braked(t: TestContext, usageMiB: number, cacheMiB = 0) {
  const directory = group(t, usageMiB * MiB, cacheMiB * MiB)
  const written: string[] = []
  const inMiB = (text: string): string => (text === 'max' ? text : `${Number(text) / MiB}`)
  const brake = new Brake(directory, {
    write: (text) => void written.push(inMiB(text)),
    writeElsewhere: async (text) => void written.push(`${inMiB(text)}*`),
    [Symbol.dispose]: () => undefined,
  })
  t.after(() => brake[Symbol.dispose]())
  return { brake, directory, written }
}

async function read(brake: Brake, ...all: readonly Nearness[]): Promise<void> {
  for (const nearness of all) {
    brake.look()(nearness)
    await settle()
  }
}

test('tasks are slowed where what they use meets what is left for them, less two fifths of the last stretch', (t) => {
  const directory = group(t, 120 * MiB, 20 * MiB)
  using brake = new Brake(directory)
  // Of 300 MiB the tasks use 100, 20 of cache not counted, others 60; so 240 is theirs.
  brake.look()(near(140 * MiB))
  assert.equal(readFileSync(join(directory, 'memory.high'), 'utf8'), String(224 * MiB))
})

test('where file cache has to go first, another thread waits for that', async (t) => {
  const directory = group(t, 290 * MiB, 100 * MiB)
  using brake = new Brake(directory)
  brake.look()(near(10 * MiB))
  for (let turn = 0; readFileSync(join(directory, 'memory.high'), 'utf8') === 'untouched'; turn += 1) {
    assert.ok(turn < 10_000)
    await settle()
  }
  assert.equal(readFileSync(join(directory, 'memory.high'), 'utf8'), String(184 * MiB))
})

test('what tasks take between the readings makes it lower, never higher', async (t) => {
  const { brake, directory, written } = braked(t, 100)
  const adjust = brake.look()
  writeFileSync(join(directory, 'memory.current'), `${130 * MiB}\n`)
  adjust(near(110 * MiB))
  await settle()
  assert.deepEqual(written, ['194'])
})

test('it is lowered at once and raised when two readings agree, in steps of 4 MiB', async (t) => {
  const { brake, directory, written } = braked(t, 100)
  await read(brake, near(140 * MiB), near(137 * MiB), near(143 * MiB), near(143 * MiB))
  assert.deepEqual(written, ['224'])
  await read(brake, near(90 * MiB), near(140 * MiB), near(90 * MiB), near(140 * MiB))
  assert.deepEqual(written, ['224', '174'])
  await read(brake, near(130 * MiB))
  assert.deepEqual(written, ['224', '174', '214'])
  // Their own growth is in both numbers.
  writeFileSync(join(directory, 'memory.current'), `${200 * MiB}\n`)
  await read(brake, near(30 * MiB), near(30 * MiB))
  assert.deepEqual(written, ['224', '174', '214'])
})

test('of several tasks the last that is not suspended is slowed only where the guard stops the others', async (t) => {
  const { brake, written } = braked(t, 100)
  await read(brake, { ...near(140 * MiB), suspended: 2 })
  assert.deepEqual(written, ['234'])
})

test('one task alone is not slowed, nor tasks whose memory cannot be read', async (t) => {
  const { brake, directory, written } = braked(t, 100)
  const alone = { ...near(140 * MiB), tasks: 1, suspended: 0 }
  await read(brake, alone)
  assert.deepEqual(written, [])
  await read(brake, near(140 * MiB), alone, alone)
  assert.deepEqual(written, ['224', 'max'])
  writeFileSync(join(directory, 'memory.current'), '')
  await read(brake, near(140 * MiB))
  assert.deepEqual(written, ['224', 'max'])
})

test('one value is written at a time, and the last one counts', async (t) => {
  const { brake, written } = braked(t, 230, 0)
  brake.look()(near(10 * MiB))
  brake.look()(near(-30 * MiB))
  brake.look()(near(-40 * MiB))
  assert.deepEqual(written, ['224*'])
  await settle()
  await read(brake, near(-40 * MiB))
  assert.deepEqual(written, ['224*', '174*'])
})

test('where others leave nothing it is 0, and a group that is gone is no error', async (t) => {
  const { brake, written } = braked(t, 10)
  await read(brake, near(-20 * MiB))
  assert.deepEqual(written, ['0*'])
  using gone = new Brake(group(t, 10 * MiB), {
    write: () => assert.fail('ENODEV'),
    writeElsewhere: () => Promise.reject(new Error('ENODEV')),
    [Symbol.dispose]: () => undefined,
  })
  await read(gone, near(140 * MiB), near(-20 * MiB))
})
