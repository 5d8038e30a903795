/** One contestant of bench/map.ts, in a process of its own: `node map.mjs NAME TASKS AT_ONCE`. */
import { forgetPeak, peakBytes } from './process-peak.mjs'

const [name, ...numbers] = process.argv.slice(2)
const [tasks, atOnce] = numbers.map(Number)
const nothing = async () => {}

function* items() {
  for (let index = 0; index < tasks; index += 1) yield index
}

/** Each loads what it needs and answers what is to be measured. */
const contestants = {
  plimsoll: async () => {
    const { ParallelExecutor } = await import('../../dist/index.js')
    const executor = new ParallelExecutor()
    return async () => {
      let count = 0
      for await (const _ of executor.map(items(), nothing, { concurrency: atOnce })) count += 1
      if (count !== tasks) throw new Error(`${count} results`)
    }
  },
  'loop by hand': async () => async () => {
    let next = 0
    const lane = async () => {
      while (next < tasks) await nothing(next++)
    }
    await Promise.all(Array.from({ length: atOnce }, lane))
  },
  'fastq.promise': async () => {
    const { default: fastq } = await import('fastq')
    const queue = fastq.promise(nothing, atOnce)
    return () => Promise.all(Array.from(items(), (item) => queue.push(item)))
  },
  'p-limit': async () => {
    const { default: pLimit } = await import('p-limit')
    const limit = pLimit(atOnce)
    return () => Promise.all(Array.from(items(), (item) => limit(nothing, item)))
  },
  'p-queue': async () => {
    const { default: PQueue } = await import('p-queue')
    const queue = new PQueue({ concurrency: atOnce })
    return () => Promise.all(Array.from(items(), (item) => queue.add(() => nothing(item))))
  },
  'Effect.forEach': async () => {
    const { Effect } = await import('effect')
    const options = { concurrency: atOnce, discard: true }
    return () =>
      Effect.runPromise(Effect.forEach(items(), (item) => Effect.promise(() => nothing(item)), options))
  },
}

const run = await contestants[name]()
forgetPeak()
const beforeBytes = peakBytes()
const startMs = performance.now()
await run()
const us = ((performance.now() - startMs) * 1_000) / tasks
console.log(JSON.stringify({ us, grownBytes: (peakBytes() - beforeBytes) / tasks }))
