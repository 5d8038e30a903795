/** Runs in a worker thread: one job after the other, in the order in which they came. */
import type { EventLoopUtilization } from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { workerData } from 'node:worker_threads'
import { type Fault, faultOf } from './faults.ts'
import { Context, countRunning, faultOfCall, findFunction, replaceEnvironment } from './perform.ts'
import { ThreadOutput } from './thread-output.ts'
import {
  type Answer,
  answeredFault,
  answeredSkipped,
  answeredValue,
  slotReady,
  slotStarted,
  type ThreadData,
  type ToThread,
} from './thread-words.ts'
import type { JobFunction } from './words.ts'

const { port, slots } = workerData as ThreadData
const entriesPerJob = 6
const output = new ThreadOutput((chunk) => port.postMessage(chunk, [chunk.buffer]))

/** At most as many jobs as there are slots. */
const waiting: unknown[][] = []
let running: Running | undefined

class Running {
  readonly slot: number
  readonly context = new Context()
  readonly restore: (() => void) | undefined
  readonly activeBefore = countRunning()
  readonly heapBefore = heapBytes()
  startMs = performance.now()
  cpuBefore = process.threadCpuUsage()
  /** Only of what does not end at once. */
  loopBefore: EventLoopUtilization | undefined

  constructor(slot: number, environment: Readonly<Record<string, string>> | null) {
    this.slot = slot
    this.restore = environment === null ? undefined : replaceEnvironment(environment)
  }

  /** Loading a module is not the work of its function. */
  restartClocks(): void {
    this.loopBefore = performance.eventLoopUtilization()
    this.startMs = performance.now()
    this.cpuBefore = process.threadCpuUsage()
  }
}

function heapBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics()
  return used_heap_size + external_memory
}

/**
 * What jobs leave behind in buffers is let go when it is this much: V8 looks at each thread alone and would wait longer,
 * and as many threads as there are would keep as many times that.
 */
const mostDeadBytes = 32 * 2 ** 20
let keptBytes = 0
let collect: ((options?: { readonly type: 'minor' }) => void) | undefined

function letGo(): void {
  if (getHeapStatistics().external_memory - keptBytes < mostDeadBytes) return
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as typeof collect
  }
  collect?.()
  // V8 frees dead buffers on another thread, and waits for that when the next collection begins.
  collect?.({ type: 'minor' })
  keptBytes = getHeapStatistics().external_memory
}

port.on('message', (message: ToThread) => {
  if (message === 'stop') {
    running?.context.stop()
    return
  }
  if (typeof message === 'number') {
    output.taken(message)
    return
  }
  for (let at = 0; at < message.length; at += entriesPerJob)
    waiting.push(message.slice(at, at + entriesPerJob))
  if (running === undefined) next()
})

function next(): void {
  for (;;) {
    running = undefined
    const entry = waiting.shift()
    if (entry === undefined) return
    const slot = entry[0] as number
    if (Atomics.compareExchange(slots, slot, slotReady, slotStarted) === slotReady) {
      begin(slot, entry)
      return
    }
    const skipped: Answer = [slot, answeredSkipped, null, 0, 0, 0, 0, 0, false]
    port.postMessage(skipped)
  }
}

function begin(
  slot: number,
  [, module, exportName, argument, environment, isHeard]: readonly unknown[],
): void {
  output.isHeard = isHeard as boolean
  const job = new Running(slot, environment as Readonly<Record<string, string>> | null)
  running = job
  let returned: unknown
  try {
    const found = findFunction(module as string, exportName as string)
    returned = found instanceof Promise ? callLoaded(found, argument, job) : found(argument, job.context)
    if (typeof (returned as PromiseLike<unknown> | null)?.then !== 'function') {
      settle(job, answeredValue, returned)
      return
    }
  } catch (error) {
    settle(job, answeredFault, faultOfCall(error))
    return
  }
  job.loopBefore ??= performance.eventLoopUtilization()
  Promise.resolve(returned).then(
    (value) => settle(job, answeredValue, value),
    (error: unknown) => settle(job, answeredFault, faultOfCall(error)),
  )
}

async function callLoaded(loading: Promise<JobFunction>, argument: unknown, job: Running): Promise<unknown> {
  const loaded = await loading
  job.restartClocks()
  return await loaded(argument, job.context)
}

/**
 * The answer waits for a turn of the event loop: a rejection that nobody handles ends this thread before that, and
 * then it is this job that fails, not the next one.
 */
function settle(job: Running, how: Answer[1], what: unknown): void {
  const { user, system } = process.threadCpuUsage(job.cpuBefore)
  const durationMs = performance.now() - job.startMs
  const busyShare = job.loopBefore ? performance.eventLoopUtilization(job.loopBefore).utilization || 0 : 1
  setImmediate(async () => {
    if (!output.isTaken) await output.untilTaken()
    job.restore?.()
    letGo()
    const heapNow = heapBytes()
    const left = countRunning() > job.activeBefore
    const grown = heapNow - job.heapBefore
    post(job, [job.slot, how, what, (user + system) / 1_000, durationMs, busyShare, grown, heapNow, left])
    next()
  })
}

function post(job: Running, answer: Answer): void {
  try {
    port.postMessage(answer, job.context.moved ?? [])
  } catch (error) {
    const fault: Fault = faultOf(error, 'CALL_UNCLONABLE')
    port.postMessage(answer.with(1, answeredFault).with(2, fault))
  }
}
