/** One contestant of bench/bulk.ts, in a process of its own: `node bulk.mjs NAME TASKS BYTES HOLD_MS AT_ONCE`. */
import { Worker } from 'node:worker_threads'
import { holdAndReturn, holdAndSum, sumOf } from './bulk-task.mjs'
import { peakBytes } from './process-peak.mjs'

const [name, ...numbers] = process.argv.slice(2)
const [tasks, bytes, holdMs, atOnce] = numbers.map(Number)
const argument = { bytes, holdMs }
const items = Array.from({ length: tasks }, () => argument)
const module = new URL('./bulk-task.mjs', import.meta.url).href
let sum = 0

/** A thread for itself alone: what one gets from `new Worker` without a pool. */
const inThread = () =>
  new Promise((resolve, reject) => {
    const body = `
      import { parentPort } from 'node:worker_threads'
      import { holdAndSum } from ${JSON.stringify(module)}
      parentPort.postMessage(await holdAndSum(${JSON.stringify(argument)}))`
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(body)}`))
    worker.once('message', resolve)
    worker.once('error', reject)
  })

async function oneByOne(fn) {
  const { ParallelExecutor } = await import('../../dist/index.js')
  await using executor = new ParallelExecutor({ maxConcurrentTasks: atOnce, maxWorkersThread: atOnce })
  for await (const result of executor.map(items, fn)) take(result)
}

async function allAtOnce(fn) {
  for (const result of await Promise.all(items.map(fn))) take(result)
}

const take = (result) => {
  sum += typeof result === 'number' ? result : sumOf(result)
}

const contestants = {
  'here, plimsoll': () => oneByOne(holdAndSum),
  'here, all at once': () => allAtOnce(holdAndSum),
  'threads, plimsoll': () =>
    oneByOne((_item, _index, { call }) => call({ module, exportName: 'holdAndSum', argument })),
  'threads, all at once': () => allAtOnce(inThread),
  'results, plimsoll': () => oneByOne(holdAndReturn),
  'results, all at once': () => allAtOnce(holdAndReturn),
}

const startMs = performance.now()
await contestants[name]()
const wallMs = performance.now() - startMs
if (sum !== tasks * Math.ceil(bytes / 4_096)) throw new Error(`not every page of every task was seen: ${sum}`)
console.log(JSON.stringify({ wallMs, peakBytes: peakBytes() }))
process.exit()
