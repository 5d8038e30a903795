import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isAlive } from '../pool/pools.ts'
import { openYard } from './deploying.ts'

const source = `
import { threadId } from 'node:worker_threads'
export const where = async () => {
  const startMs = Date.now()
  await new Promise((resolve) => setTimeout(resolve, 30))
  return { pid: process.pid, threadId, startMs, endMs: Date.now() }
}`

type Seen = { pid: string; threadId: string; startMs: string; endMs: string }

function mostAtOnce(seen: readonly Seen[]): number {
  const running = (atMs: number): number =>
    seen.filter(({ startMs, endMs }) => Number(startMs) <= atMs && atMs < Number(endMs)).length
  return Math.max(...seen.map(({ startMs }) => running(Number(startMs))))
}

for (const [place, option] of [
  ['thread', 'maxWorkersThread'],
  ['process', 'maxWorkersProcess'],
] as const) {
  test(`${option} of the plan bounds its calls, which share workers; nothing of them is left`, async () => {
    await using yard = await openYard()
    writeFileSync(join(yard.dir, 'tasks.mjs'), source)
    const names = Array.from({ length: 8 }, (_, index) => `t${index}`)
    const tasks = names.map((name) => `  ${name}: { call: "./tasks.mjs#where", in: ${place} }`)
    const own = place === 'process' ? '  own: { call: "./tasks.mjs#where", memory: 500MiB }\n' : ''
    const text = `name: workers\nexecutor: { ${option}: 2 }\nconcurrency: 10\ntasks:\n${own}${tasks.join('\n')}\n`
    const report = await yard.deploy(text)
    assert.equal(report.status, 'succeeded')
    const seen = Object.values(report.tasks).map(({ outputs }) => outputs as unknown as Seen)
    assert.ok(mostAtOnce(seen) <= 2, `${mostAtOnce(seen)} at once`)
    const workers = new Set(
      names.map((name) => `${report.tasks[name]?.outputs.pid}/${report.tasks[name]?.outputs.threadId}`),
    )
    assert.ok(workers.size <= 3, [...workers].join(' '))
    for (const { pid } of seen) assert.equal(isAlive(Number(pid)), Number(pid) === process.pid)
    const files = readdirSync(join(yard.dir, '.plimsoll/runs', report.runId))
    assert.deepEqual(
      files.filter((file) => !file.endsWith('.log')),
      [],
    )
  })
}
