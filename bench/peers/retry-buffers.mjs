/**
 * A thousand attempts that each fail with a buffer of 10 MB: `node retry-buffers.mjs NAME`, where NAME is `plimsoll` or
 * `loop by hand`. How many of the buffers are alive after a collection, and by how much the greatest resident set grew.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { forgetPeak, peakBytes } from './process-peak.mjs'

const attempts = 1_000
const bytes = 10_000_000
const turn = () => new Promise((resolve) => setImmediate(resolve))

const contestants = {
  plimsoll: async () => {
    const { retry } = await import('../../dist/index.js')
    return (fn) => retry(fn, { maxAttempts: attempts, minDelayMs: 0 })
  },
  'loop by hand': async () => async (fn) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await fn()
      } catch (error) {
        if (attempt >= attempts) throw error
      }
    }
  },
}

/** Touched, so that they are really there. */
const failing = async () => {
  await turn()
  throw Object.assign(new Error('down'), { body: Buffer.alloc(bytes, 1) })
}

const through = await contestants[process.argv[2]]()
forgetPeak()
const beforeBytes = peakBytes()
const startMs = performance.now()
await through(failing).catch(() => undefined)
const ms = performance.now() - startMs
const grownBytes = peakBytes() - beforeBytes

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
let refs = []
let alive = 0
let count = 0
await through(async () => {
  await turn()
  count += 1
  if (count % 100 === 0) {
    collect()
    alive = Math.max(alive, refs.filter((ref) => ref.deref() !== undefined).length)
    refs = []
    await turn()
  }
  const body = Buffer.alloc(bytes)
  refs.push(new WeakRef(body))
  throw Object.assign(new Error('down'), { body })
}).catch(() => undefined)
console.log(JSON.stringify({ grownBytes, alive, ms }))
