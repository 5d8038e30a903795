/** Five answers of many bytes at once, read slowly; prints what the engine needed for it. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { ExpertManager } from '../../src/experts/experts.ts'
import type { ExpertSource } from '../../src/plan/plan.ts'

const [url = '', budgetMb = '64'] = process.argv.slice(2)
const source = (protocol: ExpertSource['protocol'], name: string): ExpertSource => ({
  ...{ name, provider: protocol, protocol, model: protocol === 'anthropic' ? 'claude-sonnet-4-5' : 'm' },
  ...{ baseUrl: url, key: null, maxOutputTokens: 1_000, timeoutMs: 3_600_000, price: null },
})
const rss = (): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1_024
const highest = (): number =>
  Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1_024

const experts = [
  source('anthropic', 'a'),
  source('openai', 'b'),
  source('google', 'c'),
  source('compatible', 'd'),
  source('compatible', 'e'),
]
await using manager = new ExpertManager({ experts, memoryBudgetMb: Number(budgetMb) })
const startBytes = rss()
let pieces = 0
const startMs = performance.now()
const question = { id: 'q', type: 'general', title: 'Much?', text: 'Say much.' }
let complete = 0
for await (const event of manager.stream(question)) {
  // A reader that is slower than the servers.
  if (event.type === 'text' && ++pieces % 2_000 === 0) await sleep(20)
  if (event.type === 'answered' && event.answer.status === 'complete') complete += 1
}
const { memory } = manager.getPerformanceReport()
console.log(
  JSON.stringify({
    ...{ complete, grownBytes: highest() - startBytes, seconds: (performance.now() - startMs) / 1_000 },
    ...{ reservedBytes: memory.peakReservedBytes, heldBytes: memory.peakHeldByStreamBytes },
    budgetBytes: memory.budgetBytes,
  }),
)
