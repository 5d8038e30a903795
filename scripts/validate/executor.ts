import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type ExecutorEvent, type ExecutorTask, ParallelExecutor } from '../../src/executor/executor.ts'
import { MemoryMonitor } from '../../src/memory/memory.ts'
import { openPool } from '../../src/pool/pool.ts'
import { formatSize } from '../../src/units.ts'
import { execProgram, isAlive, realRun, takeMemory } from './real-run.ts'
import { rowsOf } from './row.ts'

const mebibyte = 2 ** 20

/** Counts how many tasks run at the same moment. */
class Gauge {
  now = 0
  most = 0
  /** How many ran when each one started, itself included; as many as tasks. */
  readonly atStart: number[] = []

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.now += 1
    this.most = Math.max(this.most, this.now)
    this.atStart.push(this.now)
    try {
      return await work()
    } finally {
      this.now -= 1
    }
  }
}

type Work = (index: number) => Promise<void>

function tasksOf(count: number, work: Work, options: Partial<ExecutorTask<void>> = {}): ExecutorTask<void>[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `t${index}`,
    run: () => work(index),
    ...options,
  }))
}

function usedNow(): number {
  using monitor = new MemoryMonitor()
  return monitor.read().usedBytes
}

async function atMostAtOnce(): Promise<string> {
  const gauge = new Gauge()
  const executor = new ParallelExecutor({ maxConcurrentTasks: 7 })
  const ended = await executor.execute(tasksOf(200, () => gauge.during(() => sleep(2)), { reserveBytes: 1 }))
  assert.equal(ended.size, 200)
  assert.equal(gauge.most, 7)
  return `200 tasks, 7 slots: ${gauge.most} at once at most`
}

async function noStartAboveTheLine(): Promise<string> {
  const gauge = new Gauge()
  const lineBytes = usedNow() + 512 * mebibyte
  const executor = new ParallelExecutor({ memoryBudgetBytes: lineBytes })
  let mostBytes = 0
  // What others gave back since the line was drawn (a large process has just ended, say) makes room for another one.
  let leastBytes = Number.POSITIVE_INFINITY
  const work = (): Promise<void> =>
    gauge.during(async () => {
      const { usedBytes } = executor.monitor.read()
      leastBytes = Math.min(leastBytes, usedBytes)
      if (gauge.now > 1) mostBytes = Math.max(mostBytes, usedBytes)
      await using _held = await takeMemory(64)
      await sleep(100)
    })
  const ended = await executor.execute(tasksOf(12, work, { reserveBytes: 128 * mebibyte }))
  assert.ok([...ended.values()].every(({ status }) => status === 'succeeded'))
  const mostFit = Math.floor((lineBytes - leastBytes) / (128 * mebibyte))
  assert.ok(
    gauge.most <= mostFit,
    `${gauge.most} at once; ${mostFit} reservations of 128 MiB fit below the line`,
  )
  assert.ok(
    mostBytes <= lineBytes,
    `${formatSize(mostBytes)} were in use at a start, the line is ${formatSize(lineBytes)}`,
  )
  return (
    `12 processes of 128 MiB, 512 MiB to the line, 10 slots: ${gauge.most} at once where ${mostFit} fit, ` +
    `never a start above ${formatSize(mostBytes)} of ${formatSize(lineBytes)}`
  )
}

/** Tasks below a line that a real process of 1 GiB exceeds; it is let go after the first `underPressure` tasks. */
async function throughPressure(
  underPressure: number,
): Promise<{ gauge: Gauge; ended: number; waits: string[] }> {
  const gauge = new Gauge()
  const executor = new ParallelExecutor({
    maxConcurrentTasks: 5,
    memoryBudgetBytes: usedNow() + 512 * mebibyte,
  })
  const ballast = await takeMemory(1024)
  const waits: string[] = []
  const onEvent = (event: ExecutorEvent<void>): void => {
    if (event.type === 'waiting') waits.push(event.message)
  }
  let done = 0
  const work = async (): Promise<void> => {
    await gauge.during(() => sleep(20))
    done += 1
    if (done === underPressure) await ballast[Symbol.asyncDispose]()
  }
  const ended = await executor.execute(tasksOf(40, work, { reserveBytes: 16 * mebibyte }), { onEvent })
  return { gauge, ended: [...ended.values()].filter(({ status }) => status === 'succeeded').length, waits }
}

async function queuesUnderPressure(): Promise<string> {
  const { gauge, ended, waits } = await throughPressure(5)
  assert.deepEqual(gauge.atStart.slice(0, 5), [1, 1, 1, 1, 1])
  assert.equal(ended, 40)
  assert.match(waits[0] ?? '', /waiting for memory: needs 16 MiB/)
  return `above the line one ran at a time, then all 40 succeeded; it said "${waits[0]}"`
}

async function fullConcurrencyAfterwards(): Promise<string> {
  const mostAfter = (gauge: Gauge): number => Math.max(...gauge.atStart.slice(5))
  let { gauge } = await throughPressure(3)
  // Others on this machine may have taken the room that was given back.
  for (let tries = 1; tries < 5 && mostAfter(gauge) < 5; tries += 1) gauge = (await throughPressure(3)).gauge
  const after = mostAfter(gauge)
  assert.equal(after, 5)
  return `${Math.max(...gauge.atStart.slice(0, 3))} at once under pressure, ${after} of 5 after it`
}

const holding = (mebibytes: number): string =>
  execProgram(
    `const held = Buffer.alloc(${mebibytes} * 2 ** 20, 1); setTimeout(() => console.log(held.length), 600)`,
  )

async function peakIsMeasured(): Promise<string> {
  const plan = `
name: peaks
tasks:
  small: { exec: ${holding(64)} }
  large: { exec: ${holding(256)} }
  tree: { run: '${process.execPath} -e "${`b=Buffer.alloc(96*2**20,1);setTimeout(()=>b,600)`}" & ${process.execPath} -e "${`b=Buffer.alloc(96*2**20,1);setTimeout(()=>b,600)`}" & wait' }
`
  return realRun(plan, ({ report }) => {
    assert.equal(report.status, 'succeeded')
    const expected = { small: 64, large: 256, tree: 192 }
    const saw = Object.entries(expected).map(([name, mebibytes]) => {
      const { lower, upper } = report.tasks[name]?.peakMemoryBytes ?? { lower: 0, upper: null }
      // A Node.js process takes 40 to 60 MiB of its own; the tree has two and a shell.
      const most = (mebibytes + 160) * mebibyte
      assert.ok(
        lower >= mebibytes * mebibyte && lower <= most,
        `${name}: ${formatSize(lower)} for ${mebibytes} MiB`,
      )
      return `${mebibytes} MiB held: ${formatSize(lower)} to ${upper === null ? 'unknown' : formatSize(upper)}`
    })
    return saw.join('; ')
  })
}

async function limitIsEnforced(): Promise<string> {
  const grow = `const held = []; setInterval(() => held.push(Buffer.alloc(16 * 2 ** 20, 1)), 20)`
  const plan = `
name: limits
tasks:
  greedy: { exec: ${execProgram(grow)}, memory: 200MiB, timeout: 60s }
  modest: { exec: ${holding(16)}, memory: 200MiB }
`
  return realRun(plan, ({ report }) => {
    const { greedy, modest } = report.tasks
    assert.equal(greedy?.error?.code, 'TASK_MEMORY_EXCEEDED')
    assert.equal(modest?.status, 'succeeded')
    assert.notEqual(greedy?.enforcement, 'none')
    return `"${greedy?.error?.message}"; level: ${greedy?.enforcement}; its neighbour went on`
  })
}

async function whatWasHeldIsLetGo(): Promise<string> {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const executor = new ParallelExecutor()
  const held: WeakRef<Buffer>[] = []
  const tasks = tasksOf(100, async () => {
    const buffer = Buffer.alloc(4 * mebibyte, 1)
    held.push(new WeakRef(buffer))
    await sleep(1)
    assert.equal(buffer.length, 4 * mebibyte)
  })
  await executor.execute(tasks)
  // A WeakRef keeps its target until the turn of the event loop has ended.
  await sleep(1)
  collect()
  const alive = held.filter((reference) => reference.deref() !== undefined).length
  assert.equal(executor.ledger.reservedBytes, 0)
  assert.equal(alive, 0)
  const left = await realRun(
    'name: left\ntasks: { leaver: { run: "sleep 300 & echo pid=$! >> $PLIMSOLL_OUTPUT" } }',
    (run) => {
      const pid = Number(run.report.tasks.leaver?.outputs.pid)
      assert.ok(pid > 1 && !isAlive(pid), `process ${pid} that the task left is alive`)
      return pid
    },
  )
  return `400 MiB of 100 tasks collected, 0 B reserved; process ${left}, left by a task, was stopped`
}

async function everythingIsReported(): Promise<string> {
  const plan = `
name: reported
concurrency: 1
tasks:
  first: { run: sleep 0.2 }
  second: { run: sleep 0.1 }
  third: { needs: [first, second], run: sleep 0.1 }
`
  return realRun(plan, ({ report, messages }) => {
    const tasks = Object.values(report.tasks)
    for (const task of tasks) {
      assert.equal(task.status, 'succeeded')
      assert.ok(
        task.durationMs > 0 &&
          task.peakMemoryBytes.lower > 0 &&
          task.reservedBytes > 0 &&
          task.cpuMs !== null,
      )
    }
    assert.ok((report.tasks.third?.waitReasons.needs ?? 0) >= 290)
    assert.ok(tasks.some(({ waitReasons }) => (waitReasons.slot ?? 0) >= 90))
    const ended = messages.filter(({ type }) => type === 'task-ended').length
    assert.equal(ended, 3)
    const { durationMs, waitReasons, peakMemoryBytes } =
      report.tasks.third ?? assert.fail('no report of "third"')
    return (
      `${messages.length} events while it ran; "third": ${durationMs} ms, waited ${JSON.stringify(waitReasons)}, ` +
      `peak ${formatSize(peakMemoryBytes.lower)}`
    )
  })
}

type Worker = { readonly pid: number; readonly thread: number }

async function poolsAreBounded(): Promise<string> {
  // The first calls of each worker wait for those of the others: however slowly one of them starts, it gets some.
  const source = `import { readdirSync, writeFileSync } from 'node:fs'
    import { threadId } from 'node:worker_threads'
    export const where = async ({ folder, workers }) => {
      writeFileSync(folder + '/' + process.pid + '-' + threadId, '')
      do await new Promise((resolve) => setTimeout(resolve, 5))
      while (readdirSync(folder).length < workers)
      return { pid: process.pid, thread: threadId }
    }`
  const job = { module: `data:text/javascript,${encodeURIComponent(source)}`, exportName: 'where' }
  const most = { thread: 3, process: 2 } as const
  const pool = openPool({ maxWorkersThread: most.thread, maxWorkersProcess: most.process })
  const seen = async (place: 'thread' | 'process'): Promise<readonly Worker[]> => {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-validate-'))
    const argument = { folder, workers: most[place] }
    const ended = await Promise.all(
      Array.from({ length: 40 }, () => pool.run({ ...job, argument }, { place })),
    )
    rmSync(folder, { recursive: true })
    const all = new Map(ended.map(({ value }) => [JSON.stringify(value), value as Worker]))
    return [...all.values()]
  }
  const threads = await seen('thread')
  const processes = await seen('process')
  assert.equal(threads.length, 3)
  assert.equal(processes.length, 2)
  assert.ok(threads.every(({ pid }) => pid === process.pid) && processes.every(({ pid }) => isAlive(pid)))
  await pool[Symbol.asyncDispose]()
  assert.ok(!processes.some(({ pid }) => isAlive(pid)))
  await assert.rejects(pool.run(job), { code: 'POOL_CLOSED' })
  return `40 calls each in 3 threads and ${processes.length} processes, each used again; none alive after the end`
}

export const executorRows = rowsOf('ParallelExecutor', [
  ['never more than maxConcurrentTasks at once', atMostAtOnce],
  ['no start above the load line', noStartAboveTheLine],
  ['under pressure tasks queue, and all finish when it ends', queuesUnderPressure],
  ['full concurrency is back afterwards', fullConcurrencyAfterwards],
  ['the peak memory of each task is measured', peakIsMeasured],
  ['the limit of a task is enforced, its level told', limitIsEnforced],
  ['what a finished task held is let go', whatWasHeldIsLetGo],
  ['progress, time, waits and memory of every task are reported', everythingIsReported],
  ['thread and process pools are bounded, reused, closed', poolsAreBounded],
])
