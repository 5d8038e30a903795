import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { causes, diagnose } from '../../src/experts/experts.ts'
import { marksOfFailure } from '../../src/experts/marks-of-failure.ts'
import { marksOfRecovery } from '../../src/experts/marks-of-recovery.ts'
import { parsePhrase } from '../../src/experts/phrase.ts'
import { rules } from '../../src/experts/rules/rules.ts'

test('each rule names the cause of the log that it is tested on, and cites it', async () => {
  const wrong: string[] = []
  for (const { id, cause, log } of rules) {
    const diagnosis = await diagnose({ logs: [{ name: id, chunks: [Buffer.from(log)] }] })
    if (diagnosis.cause !== cause) wrong.push(`${id}: ${diagnosis.cause} instead of ${cause}: ${log}`)
    else if (diagnosis.evidence.length === 0) wrong.push(`${id}: cites nothing`)
  }
  assert.deepEqual(wrong, [])
})

test('rules have names of their own, a source, and phrases that are long enough to be looked for', () => {
  const names = rules.map(({ id }) => id)
  assert.deepEqual(names, [...new Set(names)])
  for (const { id, phrases, source } of rules) {
    assert.ok(source.length > 3, `${id} has no source`)
    assert.deepEqual(phrases, [...new Set(phrases)], `${id} has a phrase twice`)
    const short = phrases.filter((phrase) => parsePhrase(phrase).literal.length < 3)
    assert.deepEqual(short, [], `${id} has phrases without a word of three characters`)
  }
})

test('no phrase stands in two rules: each would name its own cause for the same words', () => {
  const owners = Map.groupBy(
    rules.flatMap(({ id, phrases, anyCase = false }) => phrases.map((phrase) => ({ id, phrase, anyCase }))),
    ({ phrase, anyCase }) => `${anyCase} ${phrase}`,
  )
  const shared = [...owners]
    .filter(([, of]) => of.length > 1)
    .map(([phrase, of]) => [phrase, ...of.map(({ id }) => id)])
  assert.deepEqual(shared, [])
})

test('no mark is looked for by a word that most lines have', () => {
  const phrases = [...marksOfFailure, ...marksOfRecovery].flatMap((mark) => mark.phrases)
  assert.deepEqual(
    phrases.filter((phrase) => parsePhrase(phrase).literal.length < 3),
    [],
  )
})

test('words are looked for without quotes, which JSON escapes, unless they are JSON themselves', () => {
  assert.equal(parsePhrase('secret "{name}" not found').literal, ' not found')
  assert.equal(parsePhrase('"level":"fatal"').literal, '"level":"fatal"')
})

test('what a rule says has no hole that none of its phrases has', () => {
  for (const { id, phrases, says = '', next = [] } of rules) {
    const holes = new Set(
      phrases.flatMap((phrase) => parsePhrase(phrase).pieces.map(({ hole }) => hole?.name)),
    )
    for (const [, name = ''] of [says, ...next].join(' ').matchAll(/\{(\w+)\}/g)) {
      assert.ok(holes.has(name), `${id} says {${name}}, and no phrase of it has that`)
    }
  }
})

test('every cause of the taxonomy has at least one rule', () => {
  const ruled = new Set(rules.map(({ cause }) => cause))
  assert.deepEqual(
    Object.keys(causes).filter((cause) => !ruled.has(cause as keyof typeof causes)),
    [],
  )
})

test('docs/diagnosis.md lists exactly the causes', () => {
  const page = readFileSync(new URL('../../docs/diagnosis.md', import.meta.url), 'utf8')
  const listed = [...page.matchAll(/^\| `([a-z-]+)` \| (.*) \| (.*) \|$/gm)].map(([, ...row]) => row)
  const known = Object.entries(causes).map(([name, { title, means }]) => [name, title, means])
  assert.deepEqual(listed, known)
})
