import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fillTemplate, fillTree } from '../../src/plan/plan.ts'
import { readTemplate } from '../../src/plan/template.ts'
import type { Template } from '../../src/spine.ts'
import { parse, planText, taskOf } from './parsing.ts'

const nothing = { outputOf: () => undefined, secrets: {} }

/** The words of `exec` of a task in the middle of a plan. */
function wordOf(word: string, options: Parameters<typeof taskOf>[2] = {}): Template | undefined {
  const tasks = `first: { run: x }\na: { needs: first, exec: [x, ${JSON.stringify(word)}] }`
  const { work } = taskOf(tasks, 'a', options)
  return work.kind === 'exec' ? work.words[1] : undefined
}

test('a variable is looked for in --var, the environment, the plan, and then the process', () => {
  const head = 'vars: { A: plan, B: plan, C: plan }\nenvironments: { e: { vars: { A: env, B: env } } }'
  const text = planText('a: { exec: [x, "${A} ${B} ${C} ${D}"] }', head)
  const plan = parse(text, {
    environment: 'e',
    vars: { A: 'given' },
    variables: { A: 'process', B: 'process', C: 'process', D: 'process' },
  })
  const work = plan.tasks[0]?.work
  assert.deepEqual(work?.kind === 'exec' && work.words[1], ['given env plan process'])
})

test('a default stands in for a variable that is not set or empty', () => {
  assert.deepEqual(wordOf('${A:-x y}'), ['x y'])
  assert.deepEqual(wordOf('${A:-}'), [])
  assert.deepEqual(wordOf('${A:-x}', { variables: { A: '' } }), ['x'])
  assert.deepEqual(wordOf('${A:-x}', { variables: { A: 'set' } }), ['set'])
})

test('version, environment and plan are built in', () => {
  const options = { version: '7', environment: 'e', head: 'environments: { e: {} }' }
  assert.deepEqual(wordOf('${plan}-${version}-${environment}', options), ['shop-7-e'])
})

test('variables may be made of variables', () => {
  assert.deepEqual(wordOf('${URL}', { head: 'vars: { URL: "http://${HOST}/${version}", HOST: "h" }' }), [
    'http://h/dev',
  ])
})

test('values from outside are data: what looks like a hole in them stays', () => {
  const hostile = '${secrets.KEY} ${tasks.first.outputs.k} ${HOME} $(id)'
  assert.deepEqual(wordOf('${A}', { variables: { A: hostile, HOME: '/root' } }), [hostile])
  assert.deepEqual(wordOf('${A}', { vars: { A: hostile } }), [hostile])
})

test('$${ is a literal ${, and every other $ is itself', () => {
  assert.deepEqual(wordOf('$${A} $5 $ $$ $'), ['${A} $5 $ $$ $'])
})

test('outputs and secrets stay holes until the task starts', () => {
  assert.deepEqual(wordOf('v=${tasks.first.outputs.k:-none}!'), [
    'v=',
    { output: { task: 'first', key: 'k', fallback: 'none' } },
    '!',
  ])
  const tasks = 'a: { run: x, env: { T: "Bearer ${secrets.B}", U: "${secrets.A}" } }'
  const task = taskOf(tasks, 'a', { head: 'secrets: [B, A, C]' })
  assert.deepEqual(task.env.T, ['Bearer ', { secret: 'B' }])
  assert.deepEqual(task.secrets, ['A', 'B'])
})

test('a task may be named with dots, spaces and quotes in a hole', () => {
  const { parts } = readTemplate(`\${tasks.a.b "c" d.outputs.key.x}`) as { parts: unknown[] }
  assert.deepEqual(parts, [{ at: 0, output: { task: 'a.b "c" d', key: 'key.x', fallback: null } }])
})

test('filling puts outputs and secrets in, and an output that is missing has a code', () => {
  const template: Template = ['a', { output: { task: 't', key: 'k', fallback: null } }, { secret: 's' }]
  const values = { outputOf: (task: string, key: string) => `<${task}.${key}>`, secrets: { s: '!' } }
  assert.equal(fillTemplate(template, values), 'a<t.k>!')
  assert.throws(() => fillTemplate(template, nothing), {
    code: 'OUTPUT_MISSING',
    message: /"t" wrote no output "k"/,
  })
  assert.throws(() => fillTemplate([{ secret: 'toString' }], nothing), { code: 'SECRET_MISSING' })
  assert.equal(fillTemplate([{ output: { task: 't', key: 'k', fallback: 'f' } }], nothing), 'f')
})

test('a tree is filled to the JSON value that was written', () => {
  const { work } = taskOf('a: { call: "./a.ts#b", with: { a: [1, "${X:-x}", { b: null }], c: false } }', 'a')
  const value = work.kind === 'call' ? fillTree(work.argument, nothing) : undefined
  assert.equal(JSON.stringify(value), '{"a":[1,"x",{"b":null}],"c":false}')
})

test('a template written as text and read again is the same template', () => {
  const literal = fc.string({ minLength: 1 }).filter((text) => !text.endsWith('$'))
  const word = fc.stringMatching(/^[a-z "'äñ-]{1,8}$/)
  const fallback = fc.option(fc.stringMatching(/^[^}]{0,8}$/))
  const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
    fc.record(model, { noNullPrototype: true })
  const hole = fc.oneof(
    record({ output: record({ task: word, key: word, fallback }) }),
    record({ secret: word }),
    record({ variable: word, fallback }),
  )
  type Part = string | (typeof hole extends fc.Arbitrary<infer Hole> ? Hole : never)
  const write = (part: Part): string => {
    if (typeof part === 'string') return part.replaceAll('${', () => '$${')
    if ('secret' in part) return `\${secrets.${part.secret}}`
    const [name, otherwise] =
      'output' in part
        ? [`tasks.${part.output.task}.outputs.${part.output.key}`, part.output.fallback]
        : [part.variable, part.fallback]
    return `\${${name}${otherwise === null ? '' : `:-${otherwise}`}}`
  }
  const isWhole = (parts: Part[]): boolean =>
    parts.every((part, index) => typeof part !== 'string' || typeof parts[index + 1] !== 'string')
  fc.assert(
    fc.property(fc.array(fc.oneof(literal, hole), { maxLength: 8 }).filter(isWhole), (parts) => {
      const read = readTemplate(parts.map(write).join(''))
      assert.ok('parts' in read)
      const found = read.parts.map((part) => {
        if (typeof part === 'string') return part
        const { at: _, ...rest } = part
        return rest
      })
      assert.deepEqual(found, parts)
    }),
  )
})

test('any text is read in one pass: a template or an error inside of it', () => {
  const nasty = fc.string({
    unit: fc.constantFrom('$', '{', '}', ':', '-', 'a', '.', 'tasks.', '.outputs.', 'secrets.'),
  })
  fc.assert(
    fc.property(nasty, (text) => {
      const read = readTemplate(text)
      assert.ok('parts' in read || (read.at >= 0 && read.at < text.length))
    }),
  )
  assert.ok('error' in readTemplate('${'.repeat(500_000)))
})
