/**
 * One contestant of bench/retry.ts, in a process of its own: `node retry.mjs NAME`. The bare call and the loop by hand are
 * measured in the same process and in turn, so that what is compared has seen the same machine.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

const attempts = 3

async function byHand(fn) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fn()
    } catch (error) {
      if (attempt >= attempts) throw error
    }
  }
}

/** Each answers a function that calls its argument, and again without a wait when it fails, three times at most. */
const contestants = {
  plimsoll: async () => {
    const { retry } = await import('../../dist/index.js')
    const config = { maxAttempts: attempts, minDelayMs: 0 }
    return (fn) => retry(fn, config)
  },
  'plimsoll, made once': async () => {
    const { retries } = await import('../../dist/index.js')
    const policy = retries({ maxAttempts: attempts, minDelayMs: 0 })
    return (fn) => policy.run(fn)
  },
  'p-retry': async () => {
    const { default: pRetry } = await import('p-retry')
    const options = { retries: attempts - 1, minTimeout: 0, maxTimeout: 0 }
    return (fn) => pRetry(fn, options)
  },
  cockatiel: async () => {
    const { retry, handleAll, ConstantBackoff } = await import('cockatiel')
    const policy = retry(handleAll, { maxAttempts: attempts - 1, backoff: new ConstantBackoff(0) })
    return (fn) => policy.execute(fn)
  },
  'async-retry': async () => {
    const { default: asyncRetry } = await import('async-retry')
    const options = { retries: attempts - 1, minTimeout: 0, maxTimeout: 0 }
    return (fn) => asyncRetry(fn, options)
  },
  Effect: async () => {
    const { Effect } = await import('effect')
    return (fn) => Effect.runPromise(Effect.retry(Effect.tryPromise(fn), { times: attempts - 1 }))
  },
}

const nothing = async () => 1
let call = 0
const thirdTime = async () => {
  call += 1
  if (call % attempts !== 0) throw new Error('not yet')
  return 1
}

/** A call in microseconds: by the clock, and of the processor as far as this thread used it. */
async function usOf(call, count) {
  const startMs = performance.now()
  const before = process.threadCpuUsage()
  for (let index = 0; index < count; index += 1) await call()
  const { user, system } = process.threadCpuUsage(before)
  return { wall: ((performance.now() - startMs) * 1_000) / count, cpu: (user + system) / count }
}

const median = (values) => values.toSorted((left, right) => left - right)[values.length >> 1]

/** Medians of rounds in turn; the first rounds warm up. */
async function inTurns(calls, count, rounds) {
  const seen = calls.map(() => [])
  for (let round = 0; round < rounds + 3; round += 1) {
    for (const [index, one] of calls.entries()) {
      const us = await usOf(one, count)
      if (round >= 3) seen[index].push(us)
    }
  }
  return seen.map((all) => ({
    wall: median(all.map(({ wall }) => wall)),
    cpu: median(all.map(({ cpu }) => cpu)),
  }))
}

async function heapBytes() {
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
  }
  return process.memoryUsage().heapUsed
}

const through = await contestants[process.argv[2]]()
const isSlow = (await usOf(() => through(thirdTime), 20)).wall > 500
const [bare, own] = await inTurns([() => nothing(), () => through(nothing)], 100_000, 9)
const [hand, failing] = await inTurns(
  [() => byHand(thirdTime), () => through(thirdTime)],
  isSlow ? 100 : 10_000,
  15,
)
const beforeBytes = await heapBytes()
await usOf(() => through(nothing), 1_000_000)
const keptBytes = ((await heapBytes()) - beforeBytes) / 1_000_000
console.log(
  JSON.stringify({
    overUs: own.cpu - bare.cpu,
    failingUs: failing.cpu,
    clockUs: failing.wall,
    toHand: failing.cpu / hand.cpu,
    keptBytes,
  }),
)
