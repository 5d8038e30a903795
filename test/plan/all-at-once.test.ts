/** One problem never hides another, and makes no second one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { linesOf, planText, problemsOf } from './parsing.ts'

test('a task with a wrong value is looked at as a whole', () => {
  const text = `name: shop
secrets: [KEY]
tasks:
  a:
    exec: [build, [1], "\${NOPE}", "\${secrets.KEY}"]
    timeout: soon
    env: { GOOD: [1], my-name: x, B: "\${ALSO_NOT} and \${secrets.KEI}" }
    when: vars.FLAG
    needs: [[1], biuld]
    memory: { limit: 1MiB, expect: 2MiB }
    undo: { http: "ftp://x", every: never, body: x }
    oops: 1
  build: { run: x }
`
  assert.deepEqual(
    linesOf(text).map((line) => line.split(', expected')[0]),
    [
      '5:19 tasks.a.exec[1]: found a list',
      '5:24 tasks.a.exec[2]: found "${NOPE}", which is not set; add it to "vars", set it with --var, or write a default ${NAME:-default}',
      '5:35 tasks.a.exec[3]: a secret here would be seen in logs and process lists; expected it in env, with, headers or body',
      '6:14 tasks.a.timeout: found "soon"',
      '7:12 tasks.a.env.GOOD: found a list',
      '7:23 tasks.a.env.my-name: found the variable "my-name"',
      '7:38 tasks.a.env.B: found "${ALSO_NOT}", which is not set; add it to "vars", set it with --var, or write a default ${NAME:-default}',
      '7:55 tasks.a.env.B: found "${secrets.KEI}", which is not listed under "secrets"; did you mean "KEY"?',
      '8:16 tasks.a.when: the plan has no variable "FLAG"',
      '9:13 tasks.a.needs[0]: found a list',
      '9:18 tasks.a.needs[1]: found "biuld", which is not a task of this plan; did you mean "build"?',
      '10:36 tasks.a.memory.expect: found more than "limit"',
      '11:19 tasks.a.undo.http: found "ftp://x"',
      '11:37 tasks.a.undo.every: found "never"',
      '11:44 tasks.a.undo.body: a GET has no body',
      '12:5 tasks.a.oops: unknown key',
    ],
  )
})

test('a head with a wrong value is looked at as a whole, with every environment', () => {
  const text = `name: [shop]
concurrency: many
executor: { maxConcurrentTasks: 0, memoryLimitMb: 5 }
memory: { perTask: 1GiB }
defaults: { retry: { delay: 5s, maxDelay: 1s, attempts: 0 }, env: { "A B": x, C: "\${NOPE}" } }
environments:
  live: { aprove: true, vars: { my.name: x }, defaults: { memory: { limit: 1MiB, expect: 2MiB } } }
  test: { concurrency: 2, executor: { maxConcurrentTasks: 3 } }
tasks: { a: { run: x } }
`
  assert.deepEqual(
    linesOf(text).map((line) => line.split(',')[0]),
    [
      '1:1 name: found a list',
      '2:14 concurrency: found "many"',
      '3:33 executor.maxConcurrentTasks: found "0"',
      '3:51 executor.memoryLimitMb: "concurrency" or "memory" above says the same',
      '5:43 defaults.retry.maxDelay: found less than "delay"',
      '5:57 defaults.retry.attempts: found "0"',
      '5:69 defaults.env["A B"]: found the variable "A B"',
      '5:82 defaults.env.C: found "${NOPE}"',
      '7:11 environments.live.aprove: unknown key',
      '7:33 environments.live.vars["my.name"]: found the variable "my.name"',
      '7:90 environments.live.defaults.memory.expect: found more than "limit"',
      '8:59 environments.test.executor.maxConcurrentTasks: "concurrency" or "memory" above says the same',
    ],
  )
})

for (const [what, task] of Object.entries({
  'a wrong "detach" beside "undo: stop"': '{ run: x, detach: perhaps, undo: stop }',
  'a "detach" that cannot be filled in': '{ run: x, detach: "${NOPE}", undo: stop }',
  'a wrong method beside a body': '{ http: "http://x", method: PSOT, body: x }',
  'a method that cannot be filled in': '{ http: "http://x", method: "${NOPE}", body: x }',
  'a function that cannot be filled in': '{ call: "${NOPE}", with: 1 }',
  'needs that are a map beside an output': '{ exec: [x, "${tasks.b.outputs.k}"], needs: { b: true } }',
  'a wrong limit beside an expectation': '{ run: x, memory: { limit: much, expect: 2MiB } }',
  'a secret with a wrong source': '{ run: x, env: { A: "${secrets.S}" } }',
})) {
  test(`${what} is one problem`, () => {
    const head = what.startsWith('a secret') ? 'secrets: { S: { file: [x] } }' : ''
    assert.equal(linesOf(planText(`a: ${task}\nb: { run: x }`, head)).length, 1)
  })
}

/** Each wrong by itself in a task that does nothing else; none is about what another key holds. */
const wrongKeys = {
  timeout: 'soon',
  retry: '{ attempts: 0 }',
  memory: '-1',
  dir: '[]',
  when: 'vars.NOPE',
  needs: '[nope]',
  env: '{ a-b: x }',
  undo: '{ run: x, every: 1s }',
  inputs: '{}',
  detach: 'perhaps',
  exec: '["${NOPE}"]',
  surprise: 'x',
}

test('any set of wrong keys of a task is told whole, whatever stands beside what', () => {
  const linesFor = (keys: readonly (keyof typeof wrongKeys)[]): readonly string[] => {
    const written = keys.map((key) => `${key}: ${wrongKeys[key]}`)
    const work = keys.includes('exec') ? [] : ['run: x']
    return problemsOf(planText(`a: { ${[...work, ...written].join(', ')} }`)).map(
      ({ path, message }) => `${path}: ${message}`,
    )
  }
  const keys = Object.keys(wrongKeys) as (keyof typeof wrongKeys)[]
  fc.assert(
    fc.property(fc.shuffledSubarray(keys), (chosen) => {
      const alone = chosen.flatMap((key) => linesFor([key]))
      assert.equal(alone.length, chosen.length)
      assert.deepEqual(linesFor(chosen).toSorted(), alone.toSorted())
    }),
    { numRuns: 300 },
  )
})

test('sixty thousand wrong places are told in bounded time', { timeout: 60_000 }, () => {
  const keys = Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join(', ')
  const items = Array.from({ length: 20_000 }, () => '[]').join(', ')
  const lines = linesOf(
    planText(`a: { run: x, ${keys}, env: { ${keys.replaceAll('1', '[]')} }, inputs: [${items}] }`),
  )
  assert.equal(lines.length, 100)
})
