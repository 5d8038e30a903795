import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { PlanInvalidError, parsePlan, readCircle } from '../../src/plan/plan.ts'

async function read(text: string, isPlan = false, variables = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-circle-'))
  const file = join(dir, 'plimsoll.config.yaml')
  writeFileSync(file, text)
  try {
    return { ...(await readCircle({ files: [{ file, isPlan }], variables })), dir }
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
