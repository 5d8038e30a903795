import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadSecrets, parsePlan } from '../../src/plan/plan.ts'
import { parse, planText } from './parsing.ts'

test('only secrets that some task names are loaded, from variables and files', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'plimsoll-secrets-'))
  try {
    await writeFile(join(dir, 'key.txt'), 'from file\n')
    const head = 'secrets: { A: { env: A_VALUE }, B: { file: key.txt }, UNUSED: { env: NOT_SET } }'
    const text = planText('a: { run: x, env: { X: "${secrets.A}", Y: "${secrets.B}" } }', head)
    const plan = parsePlan(text, { file: join(dir, 'plan.yaml'), variables: {} })
    assert.deepEqual(
      { ...(await loadSecrets(plan, { variables: { A_VALUE: 'from variable', NOT_SET: '' } })) },
      {
        A: 'from variable',
        B: 'from file',
      },
    )
  } finally {
    await rm(dir, { recursive: true })
  }
})

test('all secrets that are missing are named at once, and no value is', async () => {
  const head = 'secrets: { A: { env: A }, B: { file: nowhere.txt }, C: { env: C } }'
  const env = 'X: "${secrets.A}", Y: "${secrets.B}", Z: "${secrets.C}"'
  const plan = parse(planText(`a: { run: x, env: { ${env} } }`, head))
  await assert.rejects(loadSecrets(plan, { variables: { C: 'hidden value' } }), (error: Error) => {
    assert.match(
      error.message,
      /"A": the environment variable "A" is not set; "B": .*nowhere\.txt cannot be read \(ENOENT\)/,
    )
    assert.doesNotMatch(error.message, /hidden value/)
    return 'code' in error && error.code === 'SECRET_MISSING'
  })
})

test('secrets that are too short to be masked are named, and no value is', async () => {
  const head = 'secrets: { A: { env: A }, B: { env: B }, C: { env: C }, D: { env: D } }'
  const env = 'W: "${secrets.A}", X: "${secrets.B}", Y: "${secrets.C}", Z: "${secrets.D}"'
  const plan = parse(planText(`a: { run: x, env: { ${env} } }`, head))
  const values = { A: 'kqz', B: '\u{1f600}\u{1f600}', C: ' kqz \n', D: 'kqzj' }
  await assert.rejects(loadSecrets(plan, { variables: values }), (error: Error) => {
    assert.match(error.message, /less than 4 characters: "A", "B", "C"$/)
    assert.doesNotMatch(error.message, /kqz/)
    return 'code' in error && error.code === 'SECRET_TOO_SHORT'
  })
})

test('the value of a secret is never part of a plan', () => {
  const text = planText('a: { run: x, env: { X: "${secrets.KEY}" } }', 'secrets: [KEY]')
  const plan = parse(text, { variables: { KEY: 'hidden value' } })
  assert.doesNotMatch(JSON.stringify(plan), /hidden value/)
})
