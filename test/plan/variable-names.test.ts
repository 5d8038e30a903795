import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { planSchema } from '../../src/plan/plan.ts'
import { environmentProblem, variableProblem } from '../../src/plan/variable-names.ts'
import { linesOf, parse, planText } from './parsing.ts'

/** What a command sees of the variable when /bin/sh stands between; null when it is not there as it was given. */
function arrives(name: string): boolean {
  const value = '12345'
  try {
    const seen = execFileSync('/bin/sh', ['-c', 'exec "$@"', 'sh', '/usr/bin/env', '-0'], {
      env: { PATH: process.env.PATH, [name]: value },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return seen.split('\0').includes(`${name}=${value}`)
  } catch {
    return false
  }
}

test('a name that is accepted arrives through the shell, whatever it is', () => {
  const name = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'aZ_09-. =é'), minLength: 1, maxLength: 6 }),
    fc.constantFrom('IFS', 'PATH_', 'PS1', 'PS4', 'MAIL', 'CDPATH', 'OPTIND', 'PPID', 'LINENO', 'HOME', '_X'),
  )
  fc.assert(
    fc.property(name, (variable) => {
      if (environmentProblem(variable) === undefined) assert.ok(arrives(variable), variable)
    }),
    { numRuns: 120 },
  )
})

for (const name of ['my-name', 'a.b', '1st', 'a b', 'größe', 'OPTIND', 'PPID']) {
  test(`"${name}" would not arrive, and is refused in vars, env, defaults, every environment, and --var`, () => {
    assert.ok(!arrives(name))
    const quoted = JSON.stringify(name)
    const lines = linesOf(
      planText(
        `a: { run: x, env: { ${quoted}: x } }`,
        `vars: { ${quoted}: x }
defaults: { env: { ${quoted}: x } }
environments: { live: { vars: { ${quoted}: x }, defaults: { env: { ${quoted}: x } } } }`,
      ),
    )
    assert.equal(lines.length, 5, lines.join('\n'))
    for (const line of lines) assert.match(line, /^\d+:\d+ .*the variable/)
    assert.throws(() => parse(planText('a: { run: x }'), { vars: { [name]: 'x' } }), { code: 'USAGE' })
  })
}

test('a name that a shell nearly takes is met with the one that it takes', () => {
  assert.equal(
    environmentProblem('my-name'),
    'found the variable "my-name", expected a name of letters, digits and "_", without a digit first, at most 200 characters; did you mean "my_name"?',
  )
  assert.match(environmentProblem('1st') ?? '', /did you mean "_1st"\?$/)
  assert.doesNotMatch(environmentProblem('$(id)') ?? '', /did you mean/)
  assert.match(environmentProblem('x'.repeat(201)) ?? '', /at most 200 characters$/)
})

test('a variable of the plan may not be one that the engine sets; a task may set it for itself', () => {
  assert.match(variableProblem('PLIMSOLL_VERSION') ?? '', /belongs to the engine/)
  assert.equal(environmentProblem('PLIMSOLL_VERSION'), undefined)
  assert.match(environmentProblem('PLIMSOLL_TOKEN') ?? '', /set for every task/)
})

test('editors are told the same of names', () => {
  const { properties } = planSchema() as {
    properties: Record<string, { propertyNames?: { pattern?: string } }>
  }
  const pattern = new RegExp(properties.vars?.propertyNames?.pattern ?? '', 'u')
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'aZ_09-. '), maxLength: 8 }), (name) => {
      assert.equal(pattern.test(name), environmentProblem(name) === undefined, name)
    }),
  )
})
