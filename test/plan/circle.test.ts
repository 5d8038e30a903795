import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { PlanInvalidError, parsePlan, readCircle } from '../../src/plan/plan.ts'

async function read(text: string, isPlan = false, variables = {}, environment?: string) {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-circle-'))
  const file = join(dir, 'plimsoll.config.yaml')
  writeFileSync(file, text)
  try {
    return {
      ...(await readCircle({
        files: [{ file, isPlan }],
        variables,
        ...(environment !== undefined && { environment }),
      })),
      dir,
    }
  } finally {
    rmSync(dir, { recursive: true })
  }
}

async function problemsOf(text: string): Promise<readonly string[]> {
  try {
    await read(text)
  } catch (error) {
    assert.ok(error instanceof PlanInvalidError)
    return error.problems.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`)
  }
  return []
}

test('a circle names its models; where a server is and what its key is called is known', async () => {
  const { experts, limits, dir } = await read(`
circle:
  claude: { provider: anthropic, model: claude-sonnet-4-5 }
  here: { provider: ollama, model: qwen3, timeout: 5m, maxOutputTokens: 100 }
  house: { provider: compatible, model: m, baseUrl: https://models.example/v1, key: { file: house.key } }
experts: { memoryBudgetMb: 64, spendingLimitUsd: 0.5 }
`)
  const [claude, here, house] = experts
  assert.deepEqual(claude?.key, { from: 'environment', variable: 'ANTHROPIC_API_KEY' })
  assert.equal(here?.baseUrl, 'http://127.0.0.1:11434/v1')
  assert.deepEqual([here.key, here.timeoutMs, here.maxOutputTokens], [null, 300_000, 100])
  assert.deepEqual(house?.key, { from: 'file', file: join(dir, 'house.key') })
  assert.deepEqual(
    [limits.memoryBudgetMb, limits.spendingLimitUsd, limits.maxConcurrentQueries],
    [64, 0.5, 5],
  )
})

test('every problem is told with its place and the nearest name', async () => {
  assert.deepEqual(
    await problemsOf(`circle:
  a: { provider: antropic, model: m }
  b: { provider: openai, modell: m }
  c: { provider: compatible, model: m }
  d: { provider: openai, model: m, baseUrl: "https://user:word@models.example" }
  offline: { provider: openai, model: m }
circel: {}
`),
    [
      '2:18 circle.a.provider: found "antropic", expected one of anthropic, openai, google, deepseek, openrouter, groq, huggingface, ollama, lmstudio, compatible; did you mean "anthropic"?',
      '3:3 circle.b.model: is missing, expected a text that is not empty',
      '3:26 circle.b.modell: unknown key, expected one of provider, model, baseUrl, key, maxOutputTokens, timeout, price; did you mean "model"?',
      '4:3 circle.c.baseUrl: is missing, expected the address of the server, for this provider has none',
      '5:45 circle.d.baseUrl: found a user or a password in it, expected an address without: name the key under "key"',
      '6:3 circle.offline: "offline" is the expert that needs no model, expected up to 60 letters, digits, ".", "_" and "-"',
      '7:1 circel: unknown key, expected one of circle, experts, queries; did you mean "circle"?',
    ],
  )
})

test('how what they are asked is kept is read beside them, and a variable wins', async () => {
  const text = 'queries: { queryTtlHours: 2, maxCachedQueries: 7 }\n'
  assert.deepEqual((await read(text)).queries, { queryTtlHours: 2, maxCachedQueries: 7 })
  const variables = { PLIMSOLL_MAX_CACHED_QUERIES: '9' }
  assert.deepEqual((await read(text, true, variables)).queries, { queryTtlHours: 2, maxCachedQueries: 9 })
  assert.deepEqual((await read('', false)).queries, { queryTtlHours: 24, maxCachedQueries: 1_000 })
})

test('a key that is written down is refused, and not shown', async () => {
  const key = 'sk-ant-api03-secret-secret'
  const text = `circle:\n  a: { provider: anthropic, model: m, key: ${key} }\n`
  const problems = await problemsOf(text)
  assert.equal(problems.length, 1)
  assert.match(problems[0] ?? '', /^2:44 circle\.a\.key: found a text, expected \{ env: VARIABLE \}/)
  assert.ok(!problems.join().includes(key))
  const plan = `name: shop\n${text}tasks: { a: { run: "true" } }\n`
  assert.throws(
    () => parsePlan(plan, { file: 'plimsoll.yaml', variables: {} }),
    (error: Error) => error.message.includes('circle.a.key') && !error.message.includes(key),
  )
})

test('a plan may have the circle, and only that is looked at when an expert is asked', async () => {
  const { experts } = await read(
    "name: ['no name']\ncircle: { a: { provider: groq, model: m } }\ntasks: 3\n",
    true,
  )
  assert.equal(experts[0]?.name, 'a')
  const text = 'name: shop\ncircle: { a: { provider: groq, model: m } }\ntasks: { a: { run: "true" } }\n'
  assert.equal(parsePlan(text, { file: 'plimsoll.yaml', variables: {} }).name, 'shop')
})

const plan = `
name: shop
version: "7"
vars: { MODEL: "m-${'$'}{version}", BUDGET: "64" }
secrets: { HIDDEN: { env: HIDDEN_KEY } }
circle:
  a: { provider: compatible, model: "${'$'}{MODEL}", baseUrl: "https://${'$'}{HOST}/${'$'}{environment}", key: { env: "K${'$'}{X}" } }
experts: { memoryBudgetMb: "${'$'}{BUDGET}", spendingLimitUsd: 1 }
queries: { queryTtlHours: 2 }
environments:
  staging: { vars: { BUDGET: "32" }, experts: { spendingLimitUsd: "${'$'}{LIMIT:-3}" }, queries: { maxCachedQueries: 9 } }
  other: { experts: { spendingLimitUsd: "${'$'}{NOT_SET}" } }
tasks: { t: { run: "true", timeout: "${'$'}{ONLY_GIVEN}" } }
`

test('texts of a circle are filled in from the plan and the process; the name of a variable that holds a key is not', async () => {
  const { experts, limits } = await read(plan, true, { HOST: 'models.example', X: 'sk-value' })
  const [a] = experts
  assert.equal(a?.model, 'm-7')
  assert.equal(a.baseUrl, 'https://models.example/')
  assert.deepEqual(a.key, { from: 'environment', variable: 'K${X}' })
  assert.deepEqual([limits.memoryBudgetMb, limits.spendingLimitUsd], [64, 1])
  const config = 'circle: { a: { provider: openai, model: "${NAME:-m}" } }\n'
  assert.equal((await read(config)).experts[0]?.model, 'm')
  assert.equal((await read(config, false, { NAME: 'n' })).experts[0]?.model, 'n')
})

test('a plan that is deployed checks its circle as it is filled in', () => {
  const text = plan.replace('"${ONLY_GIVEN}"', '1m')
  const options = { file: '/srv/plimsoll.yaml', variables: { HOST: 'models.example', X: '' } }
  assert.equal(parsePlan(text, options).name, 'shop')
  const wrong = { ...options, variables: { HOST: 'user:word@models.example', X: '' } }
  assert.throws(() => parsePlan(text, wrong), /user or a password/)
})

test('the limits of the chosen environment win over those of the plan; one that is not there is told', async () => {
  const variables = { HOST: 'models.example' }
  const { experts, limits, queries } = await read(plan, true, variables, 'staging')
  assert.equal(experts[0]?.baseUrl, 'https://models.example/staging')
  assert.deepEqual([limits.memoryBudgetMb, limits.spendingLimitUsd], [32, 3])
  assert.deepEqual([queries.queryTtlHours, queries.maxCachedQueries], [2, 9])
  await assert.rejects(
    read(plan, true, variables, 'stagin'),
    /expected one of "staging", "other"; did you mean "staging"/,
  )
  await assert.rejects(read('circle: {}', false, {}, 'staging'), {
    code: 'USAGE',
    message: /there is no plan/,
  })
})

test('a secret of the plan is not written into the circle', async () => {
  const leaking = plan.replace('"${MODEL}"', '"${HIDDEN_KEY}"')
  const variables = { HOST: 'models.example', HIDDEN_KEY: 'sk-hidden-value' }
  await assert.rejects(read(leaking, true, variables), (error: Error) => {
    assert.match(error.message, /which is a secret/)
    return !error.message.includes('sk-hidden-value')
  })
})
