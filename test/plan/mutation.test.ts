import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { PlanInvalidError, parsePlan } from '../../src/plan/plan.ts'
import { planText } from './parsing.ts'

const page = readFileSync(new URL('../../docs/plan-file.md', import.meta.url), 'utf8')
const example = /^```yaml\n(.*?)^```$/ms.exec(page)?.[1] ?? ''
const anchored = `name: a
x-a: &a { timeout: 1s, retry: { attempts: 2 }, env: &e { A: "1" } }
vars: { A: "\${B:-1}", B: 2 }
executor: { maxConcurrentTasks: 3, memoryPressureThreshold: 0.5 }
secrets: { S: { file: s.txt }, T: { env: T } }
defaults: { env: { D: "1" } }
environments: { live: { vars: { C: "3" }, defaults: { timeout: 3s, memory: { limit: 2MiB }, env: { D: "\${A}" } } } }
tasks:
  one: { run: "true", timeout: 1s, env: { <<: *e, B: "\${secrets.S}" } }
  "two 2": { needs: one, call: ./a.ts#b, with: [1, true, null, *e], when: tasks.one.status == "succeeded" || vars.A }
  three: { needs: [one, two 2], http: "http://x/\${tasks.one.outputs.k:-}", method: POST, body: x, every: 2s }
`
const flow = planText(
  'a: { run: x }\nb: { needs: [a], exec: [x, "${tasks.a.outputs.k}"], undo: { run: y, timeout: 2s } }',
)

const nasty = fc.constantFrom(
  ...[
    '\0',
    '\uFEFF',
    '\uD800',
    '\t',
    '&a ',
    '*a',
    '<<: *a',
    '!!binary ',
    '---\n',
    '...\n',
    '%YAML 1.1\n',
    '? ',
    '| ',
    '>-\n',
  ],
  ...[
    '${',
    '}',
    '${tasks.',
    '$${',
    '__proto__: ',
    'constructor: ',
    '"',
    "'",
    '[',
    ']',
    '{',
    '}',
    ': ',
    ', ',
    '- ',
    '#',
    '\r',
    '\u2028',
  ],
  ...['-1', '1e999', '0x10', '.nan', '~', 'null', 'true', '🚢', '(', '&& ', '== '],
)

type Lines = readonly string[]
/** Each turns a text into another at a place that `at` and `to` choose. */
const mutations: Readonly<Record<string, (text: string, at: number, to: number, garbage: string) => string>> =
  {
    flip: (text, at, to) =>
      replaceAt(text, at, String.fromCharCode(text.charCodeAt(at % text.length) ^ (1 << (to % 8)))),
    insert: (text, at, _to, garbage) =>
      text.slice(0, at % text.length) + garbage + text.slice(at % text.length),
    truncate: (text, at) => text.slice(0, at % text.length),
    behead: (text, at) => text.slice(at % text.length),
    deleteLine: (text, at) => onLines(text, (lines) => lines.toSpliced(at % lines.length, 1)),
    repeatLine: (text, at, to) =>
      onLines(text, (lines) => lines.toSpliced(to % lines.length, 0, lines[at % lines.length] ?? '')),
    swapLines: (text, at, to) =>
      onLines(text, (lines) =>
        lines
          .with(at % lines.length, lines[to % lines.length] ?? '')
          .with(to % lines.length, lines[at % lines.length] ?? ''),
      ),
    swapKeys: (text, at, to) => {
      const keys = text.match(/[\w-]+(?=:)/g) ?? ['x']
      const [one = 'x', other = 'x'] = [keys[at % keys.length], keys[to % keys.length]]
      return text.replaceAll(/[\w-]+(?=:)/g, (key) => (key === one ? other : key === other ? one : key))
    },
    indent: (text, at, to) =>
      onLines(text, (lines) =>
        lines.with(at % lines.length, ' '.repeat(to % 9) + (lines[at % lines.length] ?? '')),
      ),
  }

const replaceAt = (text: string, at: number, by: string): string =>
  text.slice(0, at % text.length) + by + text.slice((at % text.length) + 1)
const onLines = (text: string, change: (lines: Lines) => Lines): string => change(text.split('\n')).join('\n')

const mutated = fc
  .tuple(
    fc.constantFrom(example, anchored, flow),
    fc.array(
      fc.tuple(
        fc.constantFrom(...Object.values(mutations)),
        fc.nat(),
        fc.nat(),
        fc.oneof(nasty, fc.string()),
      ),
      { minLength: 1, maxLength: 4 },
    ),
  )
  .map(([text, steps]) =>
    steps.reduce(
      (before, [mutate, at, to, garbage]) => mutate(before === '' ? ' ' : before, at, to, garbage),
      text,
    ),
  )
const environments = fc.constantFrom({}, {}, {}, {}, {}, { environment: 'live' }, { environment: 'staging' })

test('the plans that are mutated are sound', () => {
  for (const text of [example, anchored, flow]) {
    assert.ok(parsePlan(text, { file: 'plan.yaml', variables: {} }).tasks.length > 0)
  }
})

test('a plan file with mutations is a plan or a list of problems with places, never anything else', () => {
  const seen = { plans: 0, problems: 0 }
  fc.assert(
    fc.property(mutated, environments, (text, environment) => {
      try {
        const plan = parsePlan(text, { file: 'plan.yaml', variables: {}, ...environment })
        const names = new Set(plan.tasks.map(({ name }) => name))
        for (const { needs } of plan.tasks) assert.ok(needs.every((need) => names.has(need)))
        seen.plans += 1
      } catch (error) {
        if (!(error instanceof PlanInvalidError)) throw error
        assert.ok(error.problems.length >= 1 && error.problems.length <= 100)
        const told = error.problems
          .filter(({ path }) => path !== '')
          .map((problem) => JSON.stringify(problem))
        assert.equal(new Set(told).size, told.length, 'each problem is told once')
        const lines = text.split(/\r\n|\n|\r/).length + 1
        for (const { line, column, file, message } of error.problems) {
          assert.ok(line >= 1 && line <= lines && column >= 1, `${line}:${column} ${message}`)
          assert.equal(file, 'plan.yaml')
          assert.ok(message.length > 0 && message.length < 2_000)
        }
        seen.problems += 1
      }
    }),
    { numRuns: 2_000 },
  )
  // Both ends are reached: the property is not empty. Of 2,000 mutated plans some 125 are still plans.
  assert.ok(seen.plans > 40 && seen.problems > 40, JSON.stringify(seen))
})
