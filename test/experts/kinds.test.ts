import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LogFindings } from '../../src/experts/findings.ts'
import { findInAll } from '../../src/experts/found-in-all.ts'
import { LineScanner } from '../../src/experts/line-scanner.ts'
import type { Reading } from '../../src/experts/reading.ts'
import { Readings } from '../../src/experts/readings.ts'
import { ruleBook } from '../../src/experts/rule-book.ts'

const many = 1_000

async function findingsIn(lines: readonly string[], isEachRead = false): Promise<LogFindings> {
  const log = { name: 'app.log', chunks: [Buffer.from(lines.join('\n'))] }
  const [found] = await findInAll([log], { isEachRead })
  assert.ok(found)
  return found
}

const linesOf = ({ findings }: LogFindings): readonly string[] =>
  findings.map(({ rule, line, soft }) => `${rule.id} ${line} ${soft}`)

const refused = (port: number, name: string): string =>
  `2026-03-01 10:15:30 ERROR [${name}] dial tcp 10.0.0.7:${port}: connect: connection refused`

const complaints: readonly ((name: string) => string)[] = [
  (name) => refused(8080, name),
  (name) => `{"level":"error","user":"${name}","msg":"connect ETIMEDOUT 10.0.0.8:9200"}`,
  (name) => `ERROR ${name} cannot be placed`,
  (name) => `WARN [${name}] connect ECONNREFUSED 10.0.0.7:6379, will retry`,
  (name) => `npm error code EACCES ${name}`,
  (name) => `${name} is served`,
]

test('a service that complains with each line is told of by the first lines and the last, as if each were read', async () => {
  const name = fc.string({ unit: fc.constantFrom(...'bcdghjklmpqvxz'), minLength: 4, maxLength: 8 })
  const one = fc.tuple(fc.constantFrom(...complaints), name).map(([complaint, of]) => complaint(of))
  await fc.assert(
    fc.asyncProperty(
      fc.array(one, { minLength: 2, maxLength: 40 }),
      fc.nat({ max: 600 }),
      async (some, times) => {
        const lines = Array.from({ length: times }, () => some).flat()
        const quick = await findingsIn(lines)
        const exact = await findingsIn(lines, true)
        assert.deepEqual(linesOf(quick), linesOf(exact))
        assert.deepEqual(quick.marks, exact.marks)
      },
    ),
    { numRuns: 30 },
  )
})

/** What a program complains of again and again, and then another line with the same words of rules. */
const besides: readonly (readonly [string, (name: string) => string, string])[] = [
  ['a port', (name) => refused(8080, name), refused(5432, 'last')],
  [
    'a command',
    (name) => `cat: /etc/${name}/x: No such file or directory`,
    '/usr/bin/env: ‘node’: No such file or directory',
  ],
  ['a name in capitals', (name) => `KeyError: '${name}'`, "KeyError: 'DATABASE_URL'"],
  [
    'a header',
    (name) => `cc1: fatal error: gen/${name}.c: No such file or directory`,
    'app.c:1:10: fatal error: openssl/ssl.h: No such file or directory',
  ],
  ['a word', (name) => `ERROR:  role "${name}" does not exist`, 'ERROR:  relation "orders" does not exist'],
  [
    'a task',
    (name) => `Execution failed for task ':${name}:deploy'.`,
    "Execution failed for task ':app:checkstyleMain'.",
  ],
  [
    'a word behind a colour',
    (name) => `\u001b[31mapi quota exceeded\u001b[0m: ${name}`,
    '\u001b[31mdisk quota exceeded\u001b[0m: x',
  ],
  [
    'a word behind a colour in JSON',
    (name) => `{"msg":"\\u001b[31mapi quota exceeded: ${name}"}`,
    '{"msg":"\\u001b[31mdisk quota exceeded: x"}',
  ],
  [
    'a word behind the end of a line in JSON',
    (name) => `{"id":"${name}","msg":"upload failed:\\nrate limit exceeded"}`,
    '{"id":"x","msg":"upload failed:\\nsize limit exceeded"}',
  ],
  [
    'a name that begins with a letter',
    (name) => `[7${name}] error: cannot render`,
    '[a7] error: cannot render',
  ],
  ['the start of a line', (name) => `nightly ${name} build failed`, 'BUILD FAILED'],
]

for (const [what, complaint, line] of besides)
  test(`a line that differs from a thousand others in more than a name is read: ${what}`, async () => {
    const lines = [...Array.from({ length: many }, (_, at) => complaint(nameOf(at))), line]
    const [quick, exact] = [await findingsIn(lines), await findingsIn(lines, true)]
    assert.deepEqual(linesOf(quick), linesOf(exact))
    assert.deepEqual(quick.marks, exact.marks)
  })

test('an exception below a warning is of that warning, however many like it were errors', async () => {
  const failed = (name: string): string => `${name} java.net.ConnectException: Connection refused`
  const lines = [
    ...Array.from({ length: many }, (_, at) => failed(nameOf(at))),
    '2026-03-01 10:15:30 WARN shop will retry',
    'java.net.ConnectException: Connection refused',
  ]
  assert.deepEqual(linesOf(await findingsIn(lines)), linesOf(await findingsIn(lines, true)))
})

test('a line of another level is no trouble, however many of its kind were', async () => {
  const record = (level: number, at: number): string =>
    `{"level":${level},"id":"n${at}","msg":"connect ECONNREFUSED 10.0.0.7:6379"}`
  const lines = [...Array.from({ length: many }, (_, at) => record(50, at)), record(40, many)]
  const { findings } = await findingsIn(lines)
  assert.deepEqual([...new Set(findings.filter(({ line }) => line > many).map(({ soft }) => soft))], [true])
})

test('an error among warnings of its kind is one, however many they were', async () => {
  const record = (level: number, at: number): string =>
    `{"level":${level},"id":"n${at}","msg":"connect ECONNREFUSED 10.0.0.7:6379"}`
  const lines = [...Array.from({ length: many }, (_, at) => record(40, at)), record(50, many)]
  const { findings } = await findingsIn(lines)
  assert.deepEqual([...new Set(findings.filter(({ line }) => line > many).map(({ soft }) => soft))], [false])
})

test('lines of a kind that say two things are all read', async () => {
  const lines = Array.from({ length: many }, (_, at) => refused(at % 2 === 0 ? 8080 : 5432, `n${at}`))
  assert.deepEqual(linesOf(await findingsIn(lines)), linesOf(await findingsIn(lines, true)))
})

test('of a thousand lines of a kind few are read', () => {
  const book = ruleBook()
  const readings = new Readings(book)
  const read = new Set<Reading>()
  const scanner = new LineScanner(book.literals, (_line, bytes, words) => read.add(readings.of(bytes, words)))
  for (let at = 0; at < many; at += 1) scanner.push(Buffer.from(`${refused(8080, nameOf(at))}\n`))
  assert.ok(read.size < many / 2, `${read.size}`)
})

/** Of letters: numbers alone make no other shape. */
const nameOf = (at: number): string => [...`${at}`].map((digit) => 'ghjklmnpqr'[Number(digit)]).join('')

test('what counts none is of another kind than what counts some', async () => {
  const said = (count: number, at: number): string => `n${at}: ${count} tests failed`
  const lines = [...Array.from({ length: many }, (_, at) => said(3, at)), said(0, many)]
  const [quick, exact] = [await findingsIn(lines), await findingsIn(lines, true)]
  assert.deepEqual(quick.marks, exact.marks)
  assert.deepEqual(linesOf(quick), linesOf(exact))
  assert.ok(quick.findings.every(({ line }) => line <= many))
})
