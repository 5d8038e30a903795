import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { diagnose } from '../../src/experts/experts.ts'
import type { Diagnosis } from '../../src/spine.ts'

const portLine = 'Error: listen EADDRINUSE: address already in use 0.0.0.0:8080'

function read(...chunks: readonly (string | Uint8Array)[]): Promise<Diagnosis> {
  return diagnose({ logs: [{ name: 'app.log', chunks: chunks.map((chunk) => Buffer.from(chunk)) }] })
}

async function findsThePort(...chunks: readonly (string | Uint8Array)[]): Promise<Diagnosis> {
  const diagnosis = await read(...chunks)
  assert.equal(diagnosis.cause, 'port-in-use')
  return diagnosis
}

test('a log is read the same wherever its chunks end', async () => {
  const log = Buffer.from(`starting\r\nloading\n${portLine}\n  at Server\n`)
  const whole = await read(log)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: log.length })), async (cuts) => {
      const ends = [0, ...cuts.toSorted((left, right) => left - right), log.length]
      const chunks = ends.slice(1).map((end, index) => log.subarray(ends[index], end))
      assert.deepEqual(await read(...chunks), whole)
    }),
    { numRuns: 60 },
  )
  assert.equal(whole.evidence[0]?.line, 3)
})

test('a lone carriage return ends a line, as in editors, so that progress bars hide nothing', async () => {
  const bars = Array.from({ length: 50 }, (_, share) => `\r[${'='.repeat(share)}] ${2 * share} %`).join('')
  const { evidence } = await findsThePort(`${bars}\r\n${portLine}\r\n`)
  assert.deepEqual(evidence, [{ log: 'app.log', line: 52, text: portLine }])
})

test('colours, times and what CI systems put before a line are no part of it', async () => {
  for (const prefix of [
    '\u001b[31m',
    '\u001b[1;31mERROR\u001b[0m ',
    '2026-07-31T01:17:30.9756718Z ',
    '2026-07-31T01:17:30.9756718Z ##[error]',
    '[2026-07-31 01:17:30,975] ',
    'build\tRun tests\t2026-07-31T01:17:30.9Z ',
    '#12 3.456 ',
    'web-1  | ',
    'Jul 31 01:17:30 host app[12]: ',
    '2026-07-31T01:17:30.975671Z 01O ',
  ]) {
    const { explanation } = await findsThePort(`${prefix}${portLine}\n`)
    assert.equal(explanation, 'The address 0.0.0.0:8080 is taken by another process.', prefix)
  }
  const anchored = await read('2026-07-31T01:17:30.9Z \u001b[31mFAIL src/cart.test.ts\u001b[0m\n')
  assert.equal(anchored.cause, 'test-failure')
})

test('the word after a time is the name of its zone only where it is one', async () => {
  const passed = 'PASS tests/auth: bash: foo: command not found is shown\n'
  for (const time of [
    '2026-07-31 01:17:30 ',
    '2026/07/31 01:17:30 ',
    '[Container] 2026/07/31 01:17:30.123456 ',
  ]) {
    assert.equal((await read(`${time}FAIL src/cart.test.ts\n`)).cause, 'test-failure', time)
    assert.equal((await read(time, passed)).cause, null, time)
  }
  for (const time of [
    '2026-07-31 01:17:30 UTC ',
    '[2026-07-31 01:17:30 CEST] ',
    '2026-07-31 01:17:30.123 PDT: ',
  ]) {
    assert.equal((await read(time, 'FAIL src/cart.test.ts\n')).cause, 'test-failure', time)
    assert.equal((await read(time, passed)).cause, null, time)
  }
})

/** As compilers and package managers write to a terminal, or when they are told to. */
const coloured = [
  {
    cause: 'compile-error',
    log: "\u001b[01m\u001b[Kapp.c:1:28:\u001b[m\u001b[K \u001b[01;31m\u001b[Kerror: \u001b[m\u001b[Kexpected '\u001b[01m\u001b[K;\u001b[m\u001b[K' before '\u001b[01m\u001b[K}\u001b[m\u001b[K' token",
    text: "app.c:1:28: error: expected ';' before '}' token",
  },
  {
    cause: 'compile-error',
    log: "\u001b[96mapp.ts\u001b[0m:\u001b[93m1\u001b[0m:\u001b[93m7\u001b[0m - \u001b[91merror\u001b[0m\u001b[90m TS2322: \u001b[0mType 'string' is not assignable to type 'number'.",
    text: "app.ts:1:7 - error TS2322: Type 'string' is not assignable to type 'number'.",
  },
  {
    cause: 'auth',
    log: '\u2819\u001b[1G\u001b[0K\u001b[1mnpm\u001b[22m \u001b[31merror\u001b[39m \u001b[94mcode\u001b[39m E401',
    text: 'npm error code E401',
  },
  {
    cause: 'auth',
    log: '\u2819 Publishing\u001b[2K\u001b[1Gnpm error code E401',
    text: 'npm error code E401',
  },
  {
    cause: 'compile-error',
    log: "\u001b[1mcart.c:3:10: \u001b[0m\u001b[0;1;31merror: \u001b[0m\u001b[1muse of undeclared identifier 'total'\u001b[0m",
    text: "cart.c:3:10: error: use of undeclared identifier 'total'",
  },
  {
    cause: 'compile-error',
    log: "cart.c:3:10: error: unused variable 'x' [\u001b]8;;https://gcc.gnu.org/onlinedocs/gcc/Warning-Options.html#index-Wunused-variable\u001b\\-Werror=unused-variable\u001b]8;;\u001b\\]",
    text: "cart.c:3:10: error: unused variable 'x' [-Werror=unused-variable]",
  },
  {
    cause: 'port-in-use',
    log: '\u001b[38:2::255:60:60mError: listen \u001b[4mEADDR\u001b]0;build\u0007INUSE\u001b[0m: address already in use 0.0.0.0:8080',
    text: portLine,
  },
  {
    cause: 'port-in-use',
    log: '{"log":"Error: \\u001b[31mlisten EADDRINUSE:\\u001b[39m address already in use 0.0.0.0:8080"}',
    text: `{"log":"${portLine}"}`,
  },
]

test('colours and links within a message, and spinners before it, hide nothing of it', async () => {
  for (const { cause, log, text } of coloured) {
    const { evidence, ...diagnosis } = await read(`make\r\n\u001b[Kstarting\n${log}\r\n`)
    assert.equal(diagnosis.cause, cause, text)
    assert.deepEqual(evidence[0], { log: 'app.log', line: 3, text })
  }
})

test('a chunk may end within a colour', async () => {
  for (const { cause, log, text } of coloured) {
    const bytes = [...Buffer.from(`${log}\n${log.slice(0, 4)}`)].map((byte) => Uint8Array.of(byte))
    const { evidence, ...diagnosis } = await read(...bytes)
    assert.equal(diagnosis.cause, cause, text)
    assert.equal(evidence[0]?.text, text)
  }
})

test('what begins like a colour and is none hides nothing', async () => {
  for (const start of [
    '\u001b',
    '\u001b[',
    '\u001b[31',
    '\u001b]8;;x',
    '\u001b]8;;x\u001b',
    `\u001b[${'1;'.repeat(200)}`,
  ]) {
    for (const end of ['\n', '\r\n', ` ${' '.repeat(300)}`]) {
      const log = `${start}${end}${portLine}\n`
      await findsThePort(log)
      await findsThePort(...[...Buffer.from(log)].map((byte) => Uint8Array.of(byte)))
    }
  }
})

test('a log in UTF-16 is read, with a byte order mark and without, in either order of bytes', async () => {
  const little = Buffer.from(`first line\r\n${portLine}\r\n`, 'utf16le')
  const marked = Buffer.concat([Buffer.from([0xff, 0xfe]), little])
  for (const bytes of [little, marked, Buffer.from(little).swap16(), Buffer.from(marked).swap16()]) {
    const { evidence } = await findsThePort(bytes.subarray(0, 7), bytes.subarray(7))
    assert.equal(evidence[0]?.line, 2)
  }
})

test('a log in UTF-16 is read when its first chunk is one byte, and in other alphabets', async () => {
  const russian = 'Сборка проекта: начало\r\nОшибка: сервер не запущен\r\n'.repeat(20)
  const chinese = '正在生成项目，请稍候。\r\n'.repeat(40)
  for (const text of ['', 'first line\r\n', russian, chinese]) {
    const little = Buffer.from(`${text}${portLine}\r\n`, 'utf16le')
    const lines = text.split('\n').length
    for (const bytes of [little, Buffer.from(little).swap16()]) {
      const { evidence } = await findsThePort(bytes.subarray(0, 1), bytes.subarray(1))
      assert.deepEqual(evidence, [{ log: 'app.log', line: lines, text: portLine }])
    }
  }
})

test('UTF-16 behind text that is none can be read, and text behind that, wherever chunks end', async () => {
  const start = `${'starting in C:\\shop\r\n'.repeat(40)}`
  const wide = Buffer.from(`building\r\n${portLine}\r\n`, 'utf16le')
  const log = Buffer.concat([Buffer.from(start), wide, Buffer.from('exit code 1\r\n')])
  const evidence = [{ log: 'app.log', line: 42, text: portLine }]
  assert.deepEqual((await findsThePort(log)).evidence, evidence)
  for (const bytes of [1, 2, 3, 7, 600]) {
    const chunks = Array.from({ length: Math.ceil(log.length / bytes) }, (_, at) =>
      log.subarray(at * bytes, (at + 1) * bytes),
    )
    assert.deepEqual((await findsThePort(...chunks)).evidence, evidence)
  }
})

test('bytes of no text are kept as they are, and zeros between names are, too', async () => {
  await findsThePort('src/a.ts\0src/b.ts\0', portLine, '\0src/c.ts\0')
  await findsThePort(`${'a.ts\0'.repeat(200)}${portLine}\n`)
})

test('a binary file has a cause only where it has the words of one', async () => {
  const noise = Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * 7_919) % 251))
  assert.equal((await read(noise)).cause, null)
  await findsThePort(noise, Buffer.from([0]), portLine, Buffer.from([0]), noise)
})

test('what is no text is not cited, and letters of an old encoding are', async () => {
  const odd = Buffer.from([0x01, 0x9f, 0xfe, 0x10, 0x90, 0x03])
  const binary = Buffer.concat([odd, Buffer.from('fail'), odd, Buffer.from('\n')])
  assert.deepEqual((await read(binary)).evidence, [])
  const latin = Buffer.concat([Buffer.from([0xce, 0xf8, 0xe8, 0xe1]), Buffer.from(' fail\n')])
  assert.equal((await read(latin)).evidence[0]?.line, 1)
})

test('an empty log is nothing to worry about', async () => {
  for (const chunks of [[], [''], ['\n'], ['\ufeff']]) {
    const { cause, evidence } = await read(...chunks)
    assert.equal(cause, null)
    assert.deepEqual(evidence, [])
  }
})

test('a line of 32 MB is read in bounded memory, and what it says is cited around the words', async () => {
  const mega = Buffer.alloc(1024 * 1024, 'x')
  function* chunks(): Iterable<Uint8Array> {
    for (let count = 0; count < 16; count += 1) yield mega
    yield Buffer.from(` ${portLine} `)
    for (let count = 0; count < 16; count += 1) yield mega
  }
  const diagnosis = await diagnose({ logs: [{ name: 'long', chunks: chunks() }] })
  assert.equal(diagnosis.cause, 'port-in-use')
  const text = diagnosis.evidence[0]?.text ?? ''
  assert.ok(text.length <= 300)
  assert.equal(text, `… ${portLine} …`)
})

test('the cause of one service among thirty is found in a log that mixes them', async () => {
  const lines = Array.from(
    { length: 3_000 },
    (_, at) => `service-${at % 30}  | request ${at} took ${at % 97} ms, error rate 0`,
  )
  lines[2_950] = `service-7  | ${portLine}`
  const { evidence } = await findsThePort(lines.join('\n'))
  assert.equal(evidence[0]?.line, 2_951)
})

test('what looks like a secret is masked in what is cited and in what is said', async () => {
  const key = `AKIA${'Q3EGXH7RLM2TPVZ9'}`
  const diagnosis = await read(
    `fatal: unable to access 'https://ci:hunter2hunter2@git.example/${key}': Could not resolve host: ${key}\n`,
  )
  assert.equal(diagnosis.cause, 'dns')
  assert.ok(!JSON.stringify(diagnosis).includes(key))
  assert.ok(!JSON.stringify(diagnosis).includes('hunter2'))
})

test('what looks like a secret is masked in the name of a log, too', async () => {
  const token = `ghp_${'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'}`
  const chunks = [Buffer.from(`${portLine}\n`)]
  const { cause, evidence, others } = await diagnose({ logs: [{ name: `run-${token}.log`, chunks }] })
  assert.equal(cause, 'port-in-use')
  assert.match(evidence[0]?.log ?? '', /^run-/)
  assert.ok(!JSON.stringify([evidence, others]).includes(token))
})

test('reading stops when the signal does', async () => {
  const stop = new AbortController()
  function* chunks(): Iterable<Uint8Array> {
    for (;;) {
      stop.abort(new Error('enough'))
      yield Buffer.from('still here\n')
    }
  }
  await assert.rejects(diagnose({ logs: [{ name: 'endless', chunks: chunks() }] }, stop.signal), /enough/)
})

test('a command to a terminal that does not end is none, also at the end of a log', async () => {
  for (const begin of ['\u001b]0;', '\u001b_'])
    for (const end of ['', '\n']) {
      const { cause } = await read(`start\n${begin}${portLine}${end}`)
      assert.equal(cause, 'port-in-use', JSON.stringify([begin, end]))
    }
})
