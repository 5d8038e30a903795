/** A plan that has the value of a secret in it would be recorded with it. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PlimsollError } from '../../src/errors.ts'
import { openYard } from './deploying.ts'

const value = 'kestrel-4711'
const variables = { ...process.env, KEY: value }
const planWith = (a: string, rest = ''): string =>
  `name: shop\nsecrets: [KEY]\ntasks:\n  a: { ${a} }\n  b: { run: touch started, env: { K: "\${secrets.KEY}" } }\n${rest}`

for (const [what, text, place] of [
  ['a shell line', planWith(`run: 'echo ${value}'`), 'tasks.a.run (line 4, column 13)'],
  [
    'a variable of a task',
    planWith(`run: x, env: { X: "is ${value}" }`),
    'tasks.a.env.X (line 4, column 26)',
  ],
  ['a word', planWith(`exec: [echo, ${value}]`), 'tasks.a.exec[1] (line 4, column 21)'],
  ['an input', planWith(`run: x, inputs: [src, "${value}/**"]`), 'tasks.a.inputs[1] (line 4, column 30)'],
  [
    'an output',
    planWith(`run: x, inputs: [], outputs: [${value}]`),
    'tasks.a.outputs[0] (line 4, column 38)',
  ],
  [
    'an argument',
    planWith(`call: ./x.js#go, with: { x: [${value}] }`),
    'tasks.a.with.x[0] (line 4, column 37)',
  ],
  ['an undo', planWith(`run: x, undo: { run: ${value} }`), 'tasks.a.undo.run (line 4, column 29)'],
  ['a condition', planWith(`run: x, when: '"${value}" == "b"'`), 'tasks.a.when (line 4, column 22)'],
  ['a hook', planWith('run: x', `after: { z: { run: ${value} } }\n`), 'after.z.run (line 6, column 20)'],
  ['the name of a task', planWith('run: x', `  ${value}: { run: x }\n`), 'tasks.*** (line 6, column 3)'],
] as const)
  test(`the value of a secret in ${what} is refused with its place before anything starts, and not shown`, async () => {
    await using yard = await openYard()
    await assert.rejects(yard.deploy(text, { variables }), (error: PlimsollError) => {
      assert.ok(error instanceof PlimsollError)
      assert.deepEqual([error.code, error.exitCode], ['SECRET_WRITTEN', 2])
      assert.equal(error.message, `the value of the secret "KEY" is written in the plan at ${place}`)
      return true
    })
    assert.equal(existsSync(join(yard.dir, 'started')), false)
    assert.equal(existsSync(join(yard.dir, '.plimsoll')), false)
  })

test('a value of less than 8 characters may be an ordinary word of the plan', async () => {
  await using yard = await openYard()
  const report = await yard.deploy(planWith('run: echo deploys'), {
    variables: { ...variables, KEY: 'deploys' },
  })
  assert.equal(report.status, 'succeeded')
})
