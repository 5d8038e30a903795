import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseCondition } from '../../src/plan/condition.ts'
import { conditionHolds, statusesRead } from '../../src/plan/plan.ts'
import { linesOf, parse, planText } from './parsing.ts'

const values: Readonly<Record<string, string>> = {
  environment: 'production',
  version: '1.2',
  plan: 'shop',
  FLAG: 'true',
  EMPTY: '',
  'odd name': 'odd',
}
const names = { valueOf: (name: string) => values[name], vars: ['FLAG', 'EMPTY', 'odd name'] }
const facts = {
  statusOf: (task: string) => (task === 'broken' ? 'failed' : 'succeeded'),
  outputOf: (task: string, key: string) => (task === 'build' && key === 'size' ? '12' : undefined),
}

function holds(text: string): boolean {
  const parsed = parseCondition(text, names)
  if ('error' in parsed) throw new Error(`${parsed.at}: ${parsed.error}`)
  return conditionHolds(parsed.condition, facts)
}

test('conditions compare the environment, the version, variables, statuses and outputs', () => {
  for (const text of [
    'environment == "production"',
    "version == '1.2' && plan != 'x'",
    'vars.FLAG',
    'vars["odd name"] == "odd"',
    'tasks.build.status == "succeeded"',
    'tasks["broken"].status == "failed"',
    'tasks.build.outputs.size == "12"',
    'tasks.build.outputs.missing == ""',
    '!(environment == "staging")',
    '!vars.EMPTY',
    'true && !false',
  ]) {
    assert.equal(holds(text), true, text)
  }
})

const inEnvironments = (when: string): string =>
  planText(
    `a: { run: x, when: ${when} }`,
    'vars: { ALL: "1" }\nenvironments: { live: { vars: { LIVE_ONLY: "yes" } }, test: {} }',
  )

test('a variable that only another environment sets is empty; one that nobody sets is a problem', () => {
  const runs = (when: string, environment?: string): boolean => {
    const [task] = parse(inEnvironments(when), environment === undefined ? {} : { environment }).tasks
    assert.ok(task?.when)
    return conditionHolds(task.when, facts)
  }
  assert.equal(runs('vars.LIVE_ONLY', 'live'), true)
  for (const environment of ['test', undefined]) {
    assert.equal(runs('vars.LIVE_ONLY', environment), false)
    assert.equal(runs('vars.LIVE_ONLY == ""', environment), true)
    assert.equal(runs('vars.ALL && !vars.LIVE_ONLY', environment), true)
  }
  assert.match(
    linesOf(inEnvironments('vars.LIV_ONLY')).join('\n'),
    /^5:\d+ tasks\.a\.when: the plan has no variable "LIV_ONLY"; did you mean "LIVE_ONLY"\?$/,
  )
  assert.equal(parse(inEnvironments('vars.GIVEN'), { vars: { GIVEN: '1' } }).tasks.length, 1)
})

test('a text that needs a variable of another environment is told which one sets it', () => {
  const text = inEnvironments('vars.ALL').replace('run: x', 'exec: [x, "${LIVE_ONLY}"]')
  assert.match(
    linesOf(text, { environment: 'test' }).join('\n'),
    /not set here, only in environment "live"; add/,
  )
  assert.deepEqual(linesOf(text, { environment: 'live' }), [])
})

test('"and" binds closer than "or", and parentheses bind closest', () => {
  assert.equal(holds('true || false && false'), true)
  assert.equal(holds('(true || false) && false'), false)
  assert.equal(holds('!false && false'), false)
})

test('a text in quotes is data: it may contain anything but its quote', () => {
  assert.equal(holds(`"a && b || (c" == 'a && b || (c'`), true)
  assert.equal(holds(`'say "hi"' != "$(id)"`), true)
})

test('an error names the column, what was found and what is expected', () => {
  for (const [text, at, message] of [
    ['environment = "x"', 12, 'found "=", expected "=="'],
    ['environment == production', 15, 'found "production"'],
    ['enviroment == "x"', 0, 'did you mean "environment"?'],
    ['FLAG == "x"', 0, 'write vars.FLAG'],
    ['vars.FLAX', 5, 'did you mean "FLAG"?'],
    ['tasks.a.statu', 8, 'did you mean "status"?'],
    ['"open', 0, 'found " without its end'],
    ['(true', 5, 'found the end, expected ")"'],
    ['true true', 5, 'expected && or || or the end'],
    ['true &&', 7, 'found the end, expected a name'],
    ['${FLAG}', 0, 'expected the bare name'],
    [`${'('.repeat(60)}true${')'.repeat(60)}`, 50, 'nested too deeply'],
    [`${'!'.repeat(60)}true`, 50, 'nested too deeply'],
    ['x'.repeat(5_000), 0, 'allowed are 4096'],
  ] as const) {
    const parsed = parseCondition(text, names)
    assert.ok('error' in parsed, text)
    assert.equal(parsed.at, at, text)
    assert.ok(parsed.error.includes(message), `${text}: ${parsed.error}`)
  }
})

test('in a plan the column is that of the file, in plain text and in quotes', () => {
  assert.match(linesOf(planText('a: { run: x, when: version = "1" }')).join(), /^4:30 tasks\.a\.when: /)
  assert.match(linesOf(planText(`a: { run: x, when: 'version = "1"' }`)).join(), /^4:31 tasks\.a\.when: /)
})

test('the tasks whose status is read are listed once each; outputs do not count', () => {
  const parsed = parseCondition(
    'tasks.a.status == "x" || !(tasks.b.status == tasks.a.status) && tasks.c.outputs.k',
    names,
  )
  assert.ok('condition' in parsed)
  assert.deepEqual(statusesRead(parsed.condition), ['a', 'b'])
  assert.deepEqual(
    parsed.mentions.map(({ task }) => task),
    ['a', 'b', 'a', 'c'],
  )
})

test('the longest chain is evaluated', () => {
  assert.equal(holds(Array(450).fill('true').join(' && ')), true)
})

test('any text is a condition or an error inside of it', () => {
  const unit = fc.constantFrom(
    '(',
    ')',
    '!',
    '==',
    '!=',
    '&&',
    '||',
    ' ',
    '"a"',
    "'",
    'vars',
    '.',
    'FLAG',
    'tasks',
    '[',
    ']',
    'version',
    '\n',
    '🚢',
  )
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      const parsed = parseCondition(text, names)
      if ('error' in parsed) assert.ok(parsed.at >= 0 && parsed.at <= text.length)
      else assert.equal(typeof conditionHolds(parsed.condition, facts), 'boolean')
    }),
  )
})

test('a condition means what the same JavaScript expression means', () => {
  const { expression } = fc.letrec<{ expression: string; leaf: string }>((tie) => ({
    leaf: fc.constantFrom('true', 'false', '("a" == "a")', '("a" != "a")'),
    expression: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      tie('leaf'),
      tie('expression').map((of) => `!(${of})`),
      fc
        .tuple(tie('expression'), fc.constantFrom('&&', '||'), tie('expression'))
        .map((parts) => parts.join(' ')),
    ),
  }))
  fc.assert(
    fc.property(expression, (text) => {
      assert.equal(holds(text), Boolean(new Function(`return ${text}`)()))
    }),
  )
})
