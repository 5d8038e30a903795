import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TaskRun } from '../../src/runners/runners.ts'
import type { Plan, Work } from '../../src/spine.ts'
import { openBench } from './run-task.ts'

const withRetry = (retry: Partial<Plan['options']['retry']>): Partial<TaskRun> => ({
  plan: {
    name: 'test',
    version: '1',
    environment: null,
    vars: {},
    options: {
      executor: { memoryLimitMb: 1_024 },
      retry: {
        maxAttempts: 3,
        memoryLimitMb: 100,
        cleanupBetweenRetries: true,
        maxPayloadSizeMb: 50,
        ...retry,
      },
    },
  } as unknown as Plan,
})

const rule = { maxAttempts: 3, strategy: 'fixed', minDelayMs: 0, maxDelayMs: 0 } as const

const module = `
const kept = []
export const keep = async (mebibytes) => { kept.push(Buffer.alloc(mebibytes * 2 ** 20, 1)) }
export const keepOn = async (_argument, { signal }) => {
  for (let count = 0; count < 400 && !signal.aborted; count += 1) {
    kept.push(Buffer.alloc(2 ** 20, 1))
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  return { kept: kept.length }
}
export const letGo = async () => { kept.length = 0 }
export const size = (text) => ({ size: text.length })
`

function call(
  dir: string,
  exportName: string,
  value: string | number,
  place: 'inline' | 'thread' | 'process',
): Work {
  writeFileSync(join(dir, 'tasks.mjs'), module)
  const argument = typeof value === 'string' ? { text: [value] } : { plain: value }
  return { kind: 'call', module: join(dir, 'tasks.mjs'), exportName, argument, place }
}

for (const place of ['inline', 'thread', 'process'] as const) {
  test(`in ${place}: an argument over maxPayloadSizeMb is refused before any attempt, with the numbers`, async () => {
    await using bench = await openBench()
    const large = call(bench.dir, 'size', 'x'.repeat(2 ** 20 + 1), place)
    const { report } = await bench.run(large, { retry: rule }, withRetry({ maxPayloadSizeMb: 1 }))
    assert.equal(report.status, 'failed')
    assert.equal(report.attempts, 0)
    assert.equal(report.error?.code, 'RETRY_PAYLOAD_TOO_LARGE')
    assert.match(report.error.message, /1 MiB/)
    assert.deepEqual(bench.events, [])
    const fits = call(bench.dir, 'size', 'x'.repeat(2 ** 20), place)
    assert.equal(
      (await bench.run(fits, {}, withRetry({ maxPayloadSizeMb: 1 }))).outputs.size,
      String(2 ** 20),
    )
  })
}

test('a body over maxPayloadSizeMb is not sent', async () => {
  let asked = 0
  const server = createServer((_request, response) => {
    asked += 1
    response.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  await using bench = await openBench({ KEY: 'x'.repeat(2 ** 20) })
  const { report } = await bench.run(
    {
      kind: 'http',
      url: [`http://127.0.0.1:${(server.address() as AddressInfo).port}/`],
      method: 'POST',
      headers: {},
      body: ['key=', { secret: 'KEY' }],
      expect: { status: [200], body: null },
      withinMs: 0,
      everyMs: 20,
    },
    {},
    withRetry({ maxPayloadSizeMb: 1 }),
  )
  server.close()
  assert.equal(report.error?.code, 'RETRY_PAYLOAD_TOO_LARGE')
  assert.equal(asked, 0)
})

test('a function in the engine that keeps more than retry.memoryLimitMb fails with the numbers and is not tried again', async () => {
  await using bench = await openBench()
  const { report } = await bench.run(
    call(bench.dir, 'keep', 60, 'inline'),
    { retry: rule },
    withRetry({ memoryLimitMb: 30 }),
  )
  assert.equal(report.status, 'failed')
  assert.equal(report.attempts, 1)
  assert.equal(report.error?.code, 'RETRY_MEMORY_EXCEEDED')
  assert.match(report.error.message, /memoryLimitMb allows 30 MiB/)
  assert.deepEqual(
    bench.events.map(({ type }) => type),
    ['attempt-opened', 'attempt-ended'],
  )
  await bench.run(call(bench.dir, 'letGo', 0, 'inline'))
})

test('a function in the engine that goes on taking memory is stopped while it runs', async () => {
  await using bench = await openBench()
  const { report } = await bench.run(
    call(bench.dir, 'keepOn', 0, 'inline'),
    { retry: rule },
    withRetry({ memoryLimitMb: 30 }),
  )
  assert.equal(report.error?.code, 'RETRY_MEMORY_EXCEEDED')
  assert.equal(report.attempts, 1)
  await bench.run(call(bench.dir, 'letGo', 0, 'inline'))
})

test('a memory limit that the task declares counts also where it is that of all tasks', async () => {
  await using bench = await openBench()
  const { report } = await bench.run(
    call(bench.dir, 'keep', 60, 'inline'),
    { limitBytes: 2 ** 30, declaresMemory: true },
    withRetry({ memoryLimitMb: 30 }),
  )
  assert.equal(report.status, 'succeeded')
  await bench.run(call(bench.dir, 'letGo', 0, 'inline'))
})

test('a memory limit of the task itself counts more than the option', async () => {
  await using bench = await openBench()
  const declared = { limitBytes: 200 * 2 ** 20, expectBytes: 200 * 2 ** 20 }
  const { report } = await bench.run(
    call(bench.dir, 'keep', 60, 'inline'),
    declared,
    withRetry({ memoryLimitMb: 30 }),
  )
  assert.equal(report.status, 'succeeded')
  await bench.run(call(bench.dir, 'letGo', 0, 'inline'))
})

test('elsewhere than in the engine the option does not count: a task is held to its own limit there', async () => {
  await using bench = await openBench()
  const { report } = await bench.run(
    call(bench.dir, 'keep', 60, 'thread'),
    {},
    withRetry({ memoryLimitMb: 30 }),
  )
  assert.equal(report.status, 'succeeded')
})

test('a probe that asks until its time is over is one attempt, whatever the retry of its task says', async () => {
  const server = createServer((_request, response) => response.writeHead(503).end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  await using bench = await openBench()
  const { report } = await bench.run(
    {
      kind: 'http',
      url: [`http://127.0.0.1:${(server.address() as AddressInfo).port}/`],
      method: 'GET',
      headers: {},
      body: null,
      expect: { status: [200], body: null },
      withinMs: 1_000,
      everyMs: 20,
    },
    { retry: rule },
  )
  server.close()
  assert.equal(report.attempts, 1)
  assert.match(report.error?.message ?? '', /asked \d+ times within /)
})
