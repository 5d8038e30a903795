import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PlimsollError } from '../../src/errors.ts'
import { compileSelector, parseMatcher } from '../../src/metrics/matchers.ts'
import type { Matcher, SeriesQuery } from '../../src/metrics/words.ts'

const series = { name: 'requests_total', labels: { code: '500', method: 'GET', path: 'a\nb' } }

const says = async (text: string): Promise<boolean> =>
  (await compileSelector({ matchers: [parseMatcher(text)] }))(series)

for (const [text, expected] of [
  ['code=500', true],
  ['code=50', false],
  ['code!=500', false],
  ['code!="404"', true],
  ['code=~5..', true],
  ['code=~"5."', false],
  ['code=~0', false],
  ['code=~4..|5..', true],
  ['code!~"5.."', false],
  ['code!~5.', true],
  ['path=~a.b', true],
  ['path="a\\nb"', true],
  ['__name__=~requests_.*', true],
  ['__name__=other', false],
] as const)
  test(`a series with the code 500 is ${expected ? 'meant' : 'not meant'} by ${text}`, async () => {
    assert.equal(await says(text), expected)
  })

test('a label that is not there has the empty value', async () => {
  assert.equal(await says('host='), true)
  assert.equal(await says('host!=a'), true)
  assert.equal(await says('host=~.*'), true)
  assert.equal(await says('host=~.+'), false)
  assert.equal(await says('constructor='), true)
})

test('name, labels and matchers must all agree', async () => {
  const query: SeriesQuery = {
    name: 'requests_total',
    labels: { method: 'GET' },
    matchers: [{ label: 'code', op: '=~', value: '5..' }],
  }
  assert.equal((await compileSelector(query))(series), true)
  for (const other of [{ name: 'x' }, { labels: { method: 'PUT' } }, { matchers: [parseMatcher('code=1')] }])
    assert.equal((await compileSelector({ ...query, ...other }))(series), false)
})

test('an expression that ruins backtracking matchers answers at once', async () => {
  const value = 'a'.repeat(4_096)
  for (const pattern of ['(a+)+b', '(a*)*(a*)*(a*)*b', '(a|aa)+b', '(.*)(.*)(.*)(.*)x']) {
    const meant = await compileSelector({ matchers: [{ label: 'host', op: '=~', value: pattern }] })
    const beforeMs = process.cpuUsage().user / 1_000
    assert.equal(meant({ name: 'x', labels: { host: value } }), false)
    // Backtracking would need longer than the age of the world.
    assert.ok(process.cpuUsage().user / 1_000 - beforeMs < 2_000, pattern)
  }
})

test('expressions without groups answer as those of JavaScript do', async () => {
  const pattern = fc
    .array(fc.constantFrom('a', 'b', '.', 'a*', 'b+', 'a?', '[ab]', '[^a]', 'a|b', 'a{1,2}'), {
      maxLength: 6,
    })
    .map((pieces) => pieces.join(''))
  const value = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\n'), maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(pattern, value, async (text, host) => {
      const meant = await compileSelector({ matchers: [{ label: 'host', op: '=~', value: text }] })
      assert.equal(meant({ name: 'x', labels: { host } }), new RegExp(`^(?:${text})$`, 's').test(host))
    }),
  )
})

const refused: readonly (readonly [Matcher, RegExp])[] = [
  [{ label: 'a', op: '=~', value: '(' }, /cannot be read: .*missing closing/],
  [{ label: 'a', op: '=~', value: '(?=a)' }, /cannot be read/],
  [{ label: 'a', op: '!~', value: '(a)\\1' }, /cannot be read/],
  [{ label: 'a', op: '=~', value: 'a'.repeat(1_001) }, /1001 characters; at most 1000/],
  [{ label: 'a', op: '=~', value: 'a{1000}b{1000}c{1000}d{1000}e{1000}' }, /too large/],
  [{ label: 'a', op: '~' as '=', value: '' }, /"~" of the label "a" is none of/],
]
for (const [matcher, message] of refused)
  test(`refused: ${matcher.op} ${matcher.value.slice(0, 30)}`, async () => {
    await assert.rejects(compileSelector({ matchers: [matcher] }), (error) => {
      assert.ok(error instanceof PlimsollError && error.code === 'METRIC_QUERY_INVALID')
      assert.match(error.message, message)
      return true
    })
  })

test('what is no matcher is refused with the forms that are', () => {
  for (const text of ['', '5=3', 'code', 'a b=c', 'code>5'])
    assert.throws(() => parseMatcher(text), { code: 'METRIC_QUERY_INVALID', message: /expected LABEL=VALUE/ })
})

test('more matchers than the bound are refused', async () => {
  const matchers = Array.from({ length: 51 }, () => parseMatcher('a=b'))
  await assert.rejects(compileSelector({ matchers }), /51 matchers; at most 50/)
})
