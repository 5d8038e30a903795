/**
 * 20,000 jobs that do nothing, queued at once for two threads: what the pool adds to a function. Beside it, in the same
 * run, two bare threads with one message under way each, and piscina.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { installPeers, peersFolder } from './contest.ts'
import {
  type BenchResult,
  type BenchRow,
  compared,
  measure,
  median,
  promised,
  root,
  TemporaryFolder,
} from './measure.ts'

export const name = 'pool'
const runs = 7
const jobs = 20_000
const threads = 2

type Seen = { readonly us: number; readonly queuedBytes: number; readonly peakBytes: number }

/** A program of its own each, so that its memory is its own too. `run` gives one job to the threads. */
function program(setUp: string, run: string, tearDown: string): string {
  return `
    import fs from 'node:fs'
    ${setUp}
    await Promise.all([run(), run()])
    gc()
    const heapBefore = process.memoryUsage().heapUsed
    const startMs = performance.now()
    const all = Array.from({ length: ${jobs} }, run)
    const queuedMs = performance.now() - startMs
    gc()
    const queuedBytes = (process.memoryUsage().heapUsed - heapBefore) / ${jobs}
    const againMs = performance.now()
    await Promise.all(all)
    const us = ((queuedMs + performance.now() - againMs) * 1_000) / ${jobs}
    const peak = /^VmHWM:\\s+(\\d+) kB$/m.exec(fs.readFileSync('/proc/self/status', 'latin1'))
    console.log(JSON.stringify({ us, queuedBytes, peakBytes: Number(peak?.[1]) * 1_024 }))
    ${tearDown}
    function run() { ${run} }`
}

const urlOf = (path: string): string => JSON.stringify(pathToFileURL(path).href)

const ours = (file: string): string =>
  program(
    `import { openPool } from ${urlOf(join(root, 'dist/pool/pool.js'))}
     const pool = openPool({ maxWorkersThread: ${threads} })
     const job = { module: ${urlOf(file)}, exportName: 'nothing' }
     const options = { place: 'thread' }`,
    'return pool.run(job, options)',
    'await pool[Symbol.asyncDispose]()',
  )

const piscina = (file: string): string =>
  program(
    `import piscina from ${urlOf(join(peersFolder, 'node_modules/piscina/dist/main.js'))}
     const { Piscina } = piscina
     const pool = new Piscina({ filename: ${urlOf(file)}, minThreads: ${threads}, maxThreads: ${threads} })
     const options = { name: 'nothing' }`,
    'return pool.run(undefined, options)',
    'await pool.destroy()',
  )

/** What a hand-written loop does: each thread gets its next message when it has answered the last. */
const raw = (file: string): string =>
  program(
    `import { Worker } from 'node:worker_threads'
     const body = "import { parentPort } from 'node:worker_threads'; import { nothing } from " + ${JSON.stringify(urlOf(file))} +
       "; parentPort.on('message', (argument) => parentPort.postMessage(nothing(argument)))"
     const waiting = []
     let next = 0
     const workers = Array.from({ length: ${threads} }, () =>
       new Worker(new URL('data:text/javascript,' + encodeURIComponent(body))))
     const idle = new Set(workers)
     const give = (worker) => {
       idle.delete(worker)
       const resolve = waiting[next++]
       worker.once('message', (value) => {
         resolve(value)
         if (next < waiting.length) give(worker)
         else idle.add(worker)
       })
       worker.postMessage(1)
     }`,
    `return new Promise((resolve) => {
       waiting.push(resolve)
       for (const worker of idle) { give(worker); break }
     })`,
    'for (const worker of workers) await worker.terminate()',
  )

async function see(text: string): Promise<Seen> {
  const words = ['--expose-gc', '--input-type=module', '--eval', text] as const
  const { stdout } = await measure([process.execPath, ...words])
  return JSON.parse(stdout)
}

export async function run(): Promise<BenchResult> {
  await installPeers()
  await measure([process.execPath, 'scripts/build.ts', 'pool/pool'])
  using folder = new TemporaryFolder()
  const file = join(folder.path, 'nothing.mjs')
  writeFileSync(file, 'export const nothing = () => undefined\n')
  const peers = { 'postMessage, one at a time': raw(file), piscina: piscina(file) }
  const own: Seen[] = []
  const others = new Map<string, Seen[]>(Object.keys(peers).map((peer) => [peer, []]))
  // In turns, so that a busy moment of the machine does not hit one of them only.
  for (let round = 0; round < runs; round += 1) {
    own.push(await see(ours(file)))
    for (const [peer, text] of Object.entries(peers)) others.get(peer)?.push(await see(text))
  }
  const us = own.map((seen) => seen.us)
  const rows: readonly BenchRow[] = [
    promised('plimsoll pool, per job', us, { unit: 'us', floor: 25 }),
    ...memoryRows(own),
    ...[...others].flatMap(([peer, seen]) => [
      compared(
        peer,
        seen.map((one) => one.us),
        { unit: 'us', ours: median(us) },
      ),
      ...memoryRows(seen),
    ]),
  ]
  return { title: `${jobs} jobs that do nothing, ${threads} threads, queued at once`, runs, rows }
}

function memoryRows(seen: readonly Seen[]): readonly BenchRow[] {
  const queued = median(seen.map(({ queuedBytes }) => queuedBytes))
  const peak = median(seen.map(({ peakBytes }) => peakBytes / 1e6))
  return [
    { name: '  heap for a queued job', median: queued, unit: 'B', ok: true },
    { name: '  greatest resident set', median: peak, unit: 'MB', ok: true },
  ]
}
