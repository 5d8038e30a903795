import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { errorsPage } from '../scripts/errors-page.ts'
import { type ErrorCode, errorTable, factsOf, messageOf, PlimsollError, systemCodeOf } from '../src/errors.ts'

const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')

test('docs/errors.md lists exactly the codes of the table, with exit code and fix', () => {
  const listed = [...page.matchAll(/^\| `([A-Z_]+)` \| (\d+) \| (.+) \|$/gm)].map(
    ([, code, exitCode, fix = '']) => [code, { exitCode: Number(exitCode), fix: fix.replaceAll('\\|', '|') }],
  )
  assert.deepEqual(listed, Object.entries(errorTable))
  assert.equal(page, errorsPage(), 'run "node scripts/errors-page.ts"')
})

test('every fix is one sentence without a full stop, and every exit code is one of those promised', () => {
  for (const [code, { exitCode, fix }] of Object.entries(errorTable)) {
    assert.match(fix, /^[A-Z].*[^.\s]$/, code)
    assert.ok([1, 2, 3, 4, 5, 130].includes(exitCode), code)
  }
})

test('an error carries its code, its fix, its exit code and its cause', () => {
  const cause = new Error('EACCES')
  const error = new PlimsollError('STATE_UNWRITABLE', 'cannot write /state', { cause })
  assert.equal(error.name, 'PlimsollError')
  assert.equal(error.exitCode, 2)
  assert.equal(error.fix, errorTable.STATE_UNWRITABLE.fix)
  assert.equal(error.cause, cause)
  assert.equal(new PlimsollError('USAGE', 'no', { fix: 'Do this' }).fix, 'Do this')
})

test('the facts of a PlimsollError are its own, those of anything else get the code that is asked for', () => {
  const error = new PlimsollError('PLAN_INVALID', 'no tasks', { fix: 'Add one' })
  assert.deepEqual(factsOf(error, 'TASK_FAILED'), {
    code: 'PLAN_INVALID',
    message: 'no tasks',
    fix: 'Add one',
  })
  const facts = { code: 'CALL_FAILED', message: 'boom', fix: errorTable.CALL_FAILED.fix } as const
  assert.deepEqual(factsOf(new TypeError('boom'), 'CALL_FAILED'), facts)
  assert.equal(factsOf('boom').code, 'INTERNAL')
})

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const withGetter = (property: string): Error =>
  Object.defineProperty(new Error('x'), property, {
    get: () => {
      throw new Error(`${property} was read`)
    },
  })

/** What user code can throw to hurt the one who reports it. */
const hostile: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  'an empty text': () => '',
  'an empty Error': () => new Error(''),
  'an Error without a name': () => Object.assign(new Error(''), { name: '' }),
  'a symbol': () => Symbol('boom'),
  'an object without a prototype': () => Object.create(null),
  'an object whose toString throws': () => ({
    toString: () => {
      throw new Error('no')
    },
  }),
  'an object whose toString gives an object': () => ({ toString: () => ({}) }),
  'an object whose toString gives nothing': () => ({ toString: () => '' }),
  'an Error whose message throws': () => withGetter('message'),
  'an Error whose message is an object': () => Object.assign(new Error('x'), { message: { a: 1 } }),
  'an Error whose message is a symbol': () => Object.assign(new Error('x'), { message: Symbol('m') }),
  'an Error whose code throws': () => withGetter('code'),
  'a revoked proxy': revoked,
  'a function': () => () => 1,
}

for (const [name, make] of Object.entries(hostile)) {
  test(`${name}, thrown, still becomes a text and facts`, () => {
    const facts = factsOf(make())
    assert.equal(typeof facts.message, 'string')
    assert.notEqual(facts.message, '')
    assert.equal(facts.message, messageOf(make()))
    assert.equal(facts.fix, errorTable.INTERNAL.fix)
    assert.equal(systemCodeOf(make()), undefined)
  })
}

test('whatever is thrown, the facts are plain values with a code of the table', () => {
  const codes = fc.constantFrom(...(Object.keys(errorTable) as ErrorCode[]))
  fc.assert(
    fc.property(
      fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }),
      codes,
      (thrown, code) => {
        const facts = factsOf(thrown, code)
        assert.deepEqual(structuredClone(facts), facts)
        assert.equal(facts.code, code)
        assert.ok(facts.message.length > 0)
      },
    ),
  )
})

test('the code of a system error is read, that of others is not', () => {
  let thrown: unknown
  try {
    readFileSync('/nonexistent/plimsoll')
  } catch (error) {
    thrown = error
  }
  assert.equal(systemCodeOf(thrown), 'ENOENT')
  assert.equal(systemCodeOf(Object.assign(new Error('x'), { code: 7 })), undefined)
  assert.equal(systemCodeOf({ code: 'ENOENT' }), undefined)
  assert.equal(systemCodeOf(undefined), undefined)
})
