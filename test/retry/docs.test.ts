import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { RetryConfig } from '../../src/retry/retry.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(root, 'docs/retry.md'), 'utf8')
const examples = [...page.matchAll(/```ts\n([\s\S]*?)```\s+It prints `([^`]+)`/g)]
const library = pathToFileURL(join(root, 'src/index.ts')).href

test('every example of the page says what it prints', () => {
  assert.equal(examples.length, [...page.matchAll(/```ts\n/g)].length)
  assert.ok(examples.length >= 8)
})

for (const [index, [, code = '', printed = '']] of examples.entries()) {
  test(`example ${index + 1} of the page prints ${printed}`, async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-example-'))
    context.after(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'example.ts')
    writeFileSync(file, code.replace("'plimsoll'", JSON.stringify(library)))
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', file])
    assert.equal(stdout.trim(), printed)
  })
}

test('the page has every setting', () => {
  const table = page.slice(page.indexOf('## Settings'), page.indexOf('## Waits'))
  const settings: Readonly<Record<keyof RetryConfig, true>> = {
    maxAttempts: true,
    strategy: true,
    minDelayMs: true,
    maxDelayMs: true,
    jitter: true,
    attemptTimeoutMs: true,
    totalTimeoutMs: true,
    signal: true,
    shouldRetry: true,
    payload: true,
    maxPayloadSizeMb: true,
    memoryLimitMb: true,
    cleanupBetweenRetries: true,
    cleanup: true,
    budget: true,
    onEvent: true,
    idempotencyKey: true,
    waitForAttempt: true,
    memory: true,
    clock: true,
    random: true,
  }
  for (const name of Object.keys(settings)) assert.ok(table.includes(`\`${name}\``), name)
})
