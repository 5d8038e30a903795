import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { PlimsollError } from '../../src/errors.ts'
import {
  crediblePeaks,
  formatHistory,
  mergePeaks,
  readHistory,
  writeHistory,
} from '../../src/history/history.ts'
import { FakeClock } from '../fake-clock.ts'
import { anyPeaks, peakOf } from './peaks.ts'

class Place implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'plimsoll-history-'))
  readonly file: string = join(this.dir, 'history.jsonl');
  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true })
  }
}

const invalid = (says: RegExp) => (error: unknown) => {
  assert.ok(error instanceof PlimsollError && error.code === 'HISTORY_INVALID', String(error))
  assert.match(error.message, says)
  assert.ok(error.fix.length > 0)
  return true
}

const door = new URL('../../src/history/history.ts', import.meta.url).href
const lines = (text: string): string[] => text.trimEnd().split('\n')
const [header = '', record = ''] = lines(formatHistory([peakOf()]))

test('what is written is read again, whatever names the tasks have, and nothing is left beside the file', async () => {
  await fc.assert(
    fc.asyncProperty(anyPeaks, async (peaks) => {
      using place = new Place()
      const count = await writeHistory(place.file, peaks)
      const read = await readHistory(place.file)
      assert.deepEqual(read, mergePeaks([peaks]))
      assert.equal(count, read.length)
      assert.deepEqual(readdirSync(place.dir), ['history.jsonl'])
    }),
    { numRuns: 50 },
  )
})

test('writing adds to what is there, and writing the same again leaves every byte as it is', async () => {
  using place = new Place()
  await writeHistory(place.file, [peakOf({ atMs: 1 })])
  await writeHistory(place.file, [peakOf({ atMs: 2 }), peakOf({ key: '00000000000000bb' })])
  const before = readFileSync(place.file, 'utf8')
  await writeHistory(place.file, [peakOf({ atMs: 2 })])
  assert.equal(readFileSync(place.file, 'utf8'), before)
  assert.equal(lines(before).length, 4)
})

test('a name that is too long for the file is cut when it is written, so that the file can be read again', async () => {
  using place = new Place()
  const name = 'é'.repeat(300)
  await writeHistory(place.file, [
    peakOf({ plan: name, task: name, group: name }),
    peakOf({ atMs: 2, task: '' }),
  ])
  const [first, second] = await readHistory(place.file)
  assert.deepEqual([first?.plan, first?.task, second?.task], [name.slice(0, 200), name.slice(0, 200), ''])
})

test('a new record is one new line', async () => {
  const before = lines(formatHistory([peakOf({ atMs: 3 }), peakOf({ task: 'a' }), peakOf({ task: 'z' })]))
  const after = lines(
    formatHistory([peakOf({ atMs: 4 }), peakOf({ atMs: 3 }), peakOf({ task: 'z' }), peakOf({ task: 'a' })]),
  )
  assert.deepEqual(
    after.filter((line) => !before.includes(line)).map((line) => JSON.parse(line).atMs),
    [4],
  )
  assert.deepEqual(
    after.filter((line) => before.includes(line)),
    before,
  )
})

test('eight records of a task take less than 2 KiB', () => {
  const profile = peakOf({ uses: [2 ** 40] }).profile
  const text = formatHistory(
    Array.from({ length: 8 }, (_, atMs) => peakOf({ profile, atMs: 1_795_534_317_417 + atMs })),
  )
  assert.ok(Buffer.byteLength(text) < 2_048, `${Buffer.byteLength(text)} bytes`)
})

test('a file that is missing or empty has no records', async () => {
  using place = new Place()
  assert.deepEqual(await readHistory(place.file), [])
  for (const text of ['', '\n', ' \r\n\n']) {
    writeFileSync(place.file, text)
    assert.deepEqual(await readHistory(place.file), [])
  }
})

test('lines in any order, twice, with the line ends of Windows and a mark of byte order, are read as merged', async () => {
  using place = new Place()
  const peaks = [peakOf({ atMs: 1 }), peakOf({ atMs: 2, task: 'test', key: '00000000000000bb' })]
  const [first = '', ...rest] = lines(formatHistory(peaks))
  writeFileSync(place.file, `\ufeff${[first, ...rest.toReversed(), first, ...rest].join('\r\n')}`)
  assert.deepEqual(await readHistory(place.file), mergePeaks([peaks]))
})

const changed = (changes: object): string =>
  `${header}\n${JSON.stringify({ ...JSON.parse(record), ...changes })}\n`
const wrong: readonly (readonly [what: string, text: string | Uint8Array, says: RegExp])[] = [
  ['text', 'hello', /history\.jsonl:1: "hello" is not JSON/],
  ['another first line', `${record}\n`, /:1: a history begins with the line \{"plimsollHistory":1\}/],
  ['a newer form', '{"plimsollHistory":2}\n', /:1: the form is 2, known is 1/],
  ['half a line', `${header}\n\n${record.slice(0, 30)}`, /:3: ".*" is not JSON/],
  ['a conflict', `${header}\n<<<<<<< ours\n${record}\n`, /:2: "<<<<<<< ours" is not JSON/],
  ['a negative size', changed({ peakBytes: -5 }), /:2: "peakBytes" is -5: /],
  ['a size that is no number', changed({ peakBytes: null }), /:2: "peakBytes" is null: /],
  ['NaN', `${header}\n${record.replace(/"peakBytes":\d+/, '"peakBytes":NaN')}`, /:2: .* is not JSON/],
  [
    'more than is finite',
    `${header}\n${record.replace(/"peakBytes":\d+/, '"peakBytes":1e999')}`,
    /:2: "peakBytes"/,
  ],
  ['half a byte', changed({ peakBytes: 0.5 }), /:2: "peakBytes" is 0.5/],
  ['no time', changed({ durationMs: 0 }), /:2: "durationMs" is 0/],
  ['a moment that no date has', changed({ atMs: 1e300 }), /:2: "atMs" is 1e\+300/],
  ['a share above the whole', changed({ use: [101] }), /:2: "use/],
  [
    'a key that is none',
    changed({ key: '../../etc' }),
    /:2: "key" is "..\/..\/etc": expected 16 hexadecimal digits/,
  ],
  ['a long name', changed({ task: 'x'.repeat(1_000) }), /:2: "task" is "x{59}: /],
  ['an unknown word', changed({ extra: 1 }), /:2: .*extra/],
  ['a list', `${header}\n[]`, /:2: \[\]: /],
  ['bytes', new Uint8Array([0xff, 0xfe, 0x00]), /it is not UTF-8 text/],
  ['nine million bytes', ' '.repeat(9_000_000), /longer than 8 MiB/],
]
for (const [what, text, says] of wrong) {
  test(`${what} in place of a history is refused with its place, and left as it is`, async () => {
    using place = new Place()
    writeFileSync(place.file, text)
    await assert.rejects(readHistory(place.file), invalid(says))
    await assert.rejects(writeHistory(place.file, [peakOf()]), invalid(says))
    assert.deepEqual(readFileSync(place.file), Buffer.from(text))
    assert.deepEqual(readdirSync(place.dir), ['history.jsonl'])
  })
}

test('any text at all is a history or refused with a place', async () => {
  using place = new Place()
  const line = fc.oneof(fc.constantFrom(header, record, '', '{}'), fc.json(), fc.string())
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 5 }), async (texts) => {
      writeFileSync(place.file, texts.join('\n'))
      await readHistory(place.file).catch((error: unknown) => invalid(/history\.jsonl:\d+: /)(error))
    }),
  )
})

test('a directory, a pipe and a device are refused without a wait', async () => {
  using place = new Place()
  const pipe = join(place.dir, 'pipe')
  execFileSync('mkfifo', [pipe])
  for (const file of [place.dir, pipe, '/dev/zero']) {
    await assert.rejects(readHistory(file), invalid(/it is not a file/))
    await assert.rejects(readHistory(file), { fix: 'Name a file' })
  }
})

test('the file is for everybody to read, its directory is made, and a link to it stays one', async () => {
  using place = new Place()
  const file = join(place.dir, 'cache', 'deep', 'history.jsonl')
  const link = join(place.dir, 'link')
  mkdirSync(join(place.dir, 'cache'))
  symlinkSync(file, link)
  const umask = process.umask(0o077)
  try {
    await writeHistory(file, [peakOf()])
    await writeHistory(link, [peakOf({ atMs: 7 })])
  } finally {
    process.umask(umask)
  }
  assert.equal(statSync(file).mode & 0o777, 0o644)
  assert.equal((await readHistory(file)).length, 2)
})

test('where it cannot be written the error names it, and a file that is there stays', async () => {
  using place = new Place()
  writeFileSync(place.file, `${header}\n`)
  for (const file of [join(place.file, 'below'), '/proc/plimsoll/history.jsonl']) {
    await assert.rejects(writeHistory(file, [peakOf()]), (error: unknown) => {
      assert.ok(error instanceof PlimsollError && error.message.includes(file))
      return error.code === 'HISTORY_UNWRITABLE' || error.code === 'HISTORY_INVALID'
    })
  }
  chmodSync(place.file, 0o444)
  await writeHistory(place.file, [peakOf()])
  assert.equal((await readHistory(place.file)).length, 1)
})

test('a reader beside several writers never sees half a file, and what each wrote can be merged once more', async () => {
  using place = new Place()
  const writing = (task: string, key: string) => `
    import { writeHistory } from ${JSON.stringify(door)}
    const peak = ${JSON.stringify(peakOf({ task, key }))}
    for (let atMs = 1; atMs <= 30; atMs += 1) await writeHistory(process.argv[1], [{ ...peak, atMs }])`
  const writers = ['aa', 'bb'].map((name) =>
    spawn(process.execPath, ['--input-type=module', '-e', writing(name, name.repeat(8)), place.file], {
      stdio: ['ignore', 'ignore', 'inherit'],
    }),
  )
  let running = writers.length
  const ended = writers.map((writer) => once(writer, 'exit').finally(() => (running -= 1)))
  while (running > 0) await readHistory(place.file)
  assert.deepEqual(await Promise.all(ended), [
    [0, null],
    [0, null],
  ])
  const all = ['aa', 'bb'].flatMap((name) =>
    Array.from({ length: 30 }, (_, index) => peakOf({ task: name, key: name.repeat(8), atMs: index + 1 })),
  )
  await writeHistory(place.file, all)
  assert.deepEqual(await readHistory(place.file), mergePeaks([all]))
  assert.deepEqual(readdirSync(place.dir), ['history.jsonl'])
})

test('of more than a file may hold the newest are written, and can be read', async () => {
  using place = new Place()
  const name = 'x'.repeat(200)
  const newestFirst = Array.from({ length: 16_000 }, (_, index) =>
    peakOf({
      plan: name,
      task: name,
      group: name,
      key: index.toString(16).padStart(16, '0'),
      atMs: 20_000 - index,
    }),
  )
  const text = formatHistory(newestFirst)
  assert.ok(Buffer.byteLength(text) <= 8 * 2 ** 20)
  writeFileSync(place.file, text)
  const read = await readHistory(place.file)
  assert.ok(read.length > 8_000 && read.length < 16_000)
  assert.deepEqual(
    read.map(({ atMs }) => atMs),
    newestFirst.slice(0, read.length).map(({ atMs }) => atMs),
  )
})

test('of several processes that write at the same moment none loses what another has written', async () => {
  using place = new Place()
  const writing = (key: string) => `
    import { writeHistory } from ${JSON.stringify(door)}
    const peak = ${JSON.stringify(peakOf())}
    for (let n = 1; n <= 15; n += 1)
      await writeHistory(process.argv[1], [{ ...peak, key: (n + '${key}').padStart(16, '0'), atMs: n }])`
  const ended = ['aa', 'bb', 'cc', 'dd'].map((key) =>
    once(
      spawn(process.execPath, ['--input-type=module', '-e', writing(key), place.file], {
        stdio: ['ignore', 'ignore', 'inherit'],
      }),
      'exit',
    ),
  )
  for (const end of await Promise.all(ended)) assert.deepEqual(end, [0, null])
  assert.equal((await readHistory(place.file)).length, 4 * 15)
  assert.deepEqual(readdirSync(place.dir), ['history.jsonl'])
})

test('the lock of a writer that was killed is taken over', async () => {
  using place = new Place()
  const lock = `
    import { lockFile } from ${JSON.stringify(new URL('./file-lock.ts', door).href)}
    import { systemClock } from ${JSON.stringify(new URL('../clock.ts', door).href)}
    await lockFile(process.argv[1], systemClock)
    console.log('mine')
    setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', lock, place.file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  const written = writeHistory(place.file, [peakOf()])
  await sleep(100)
  assert.deepEqual(readdirSync(place.dir), ['history.jsonl.lock'], 'it did not wait')
  holder.kill('SIGKILL')
  assert.equal(await written, 1)
  assert.deepEqual(readdirSync(place.dir), ['history.jsonl'])
})

test('a lock of which nobody can say whose it is is waited for, and taken over after ten seconds', async () => {
  using place = new Place()
  writeFileSync(`${place.file}.lock`, 'of another machine')
  const clock = new FakeClock()
  let isWritten = false
  const written = writeHistory(place.file, [peakOf()], clock).then(() => {
    isWritten = true
  })
  const goOn = async (untilMs: number): Promise<void> => {
    while (!isWritten && clock.monotonic() < untilMs) {
      if (clock.sleeping > 0) await clock.pass(20)
      else await sleep(1)
    }
  }
  await goOn(9_900)
  assert.equal(isWritten, false)
  await goOn(60_000)
  await written
  assert.deepEqual(readdirSync(place.dir), ['history.jsonl'])
})

test('records of a clock that was far ahead do not push out what is learned, and are not used', async () => {
  using place = new Place()
  const nowMs = Date.now()
  const ahead = Array.from({ length: 8 }, (_, index) => peakOf({ atMs: nowMs + (index + 2) * 86_400_000 }))
  await writeHistory(place.file, ahead)
  assert.equal((await readHistory(place.file)).length, 8, 'they stay while there is room')
  for (let atMs = nowMs; atMs < nowMs + 8; atMs += 1) await writeHistory(place.file, [peakOf({ atMs })])
  const read = await readHistory(place.file)
  assert.deepEqual(
    read.map(({ atMs }) => atMs - nowMs),
    [7, 6, 5, 4, 3, 2, 1, 0],
  )
  assert.deepEqual(crediblePeaks([...ahead, ...read], nowMs), read)
})
