/** Large answers with slow readers, and how long a connection lives after nobody wants the answer any more. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ExpertManager } from '../src/experts/experts.ts'
import { type BenchResult, measure, never, promised, root } from './measure.ts'

export const name = 'experts'
const answerBytes = Number(process.env.PLIMSOLL_BENCH_ANSWER_MB ?? 200) * 1_000_000
const budgetMb = 64
const mostGrowthMb = 128
const mostAbortMs = 100
const aborts = 100
const megabyte = 1_000_000

type Server = { readonly child: ChildProcess; readonly url: string }

async function openServer(): Promise<Server> {
  const child = fork(join(root, 'bench/experts/server.ts'), [`${answerBytes}`], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const [{ url }] = (await once(child, 'message')) as [{ readonly url: string }]
  return { child, url }
}

type Seen = {
  readonly complete: number
  readonly grownBytes: number
  readonly seconds: number
  readonly reservedBytes: number
  readonly heldBytes: number
  readonly budgetBytes: number
}

export async function run(): Promise<BenchResult> {
  const server = await openServer()
  try {
    const { stdout } = await measure([process.execPath, 'bench/experts/engine.ts', server.url, `${budgetMb}`])
    const seen: Seen = JSON.parse(stdout)
    const waits = (await abortTimes(server)).toSorted((a, b) => a - b)
    const p99 = waits[Math.floor(waits.length * 0.99)] ?? Number.NaN
    return {
      title: `Five answers of ${answerBytes / megabyte} MB at once, a slow reader`,
      runs: 1,
      rows: [
        promised('growth of the engine', [seen.grownBytes / megabyte], { unit: 'MB', floor: mostGrowthMb }),
        promised('held by one stream at most', [seen.heldBytes / megabyte], { unit: 'MB', floor: 4.2 }),
        never('set aside above the budget', [Math.max(0, seen.reservedBytes - seen.budgetBytes)], 'bytes'),
        never('answers that are not complete', [5 - seen.complete], 'answers'),
        promised(`abort to closed connection, p99 of ${aborts}`, [p99], { unit: 'ms', floor: mostAbortMs }),
      ],
      notes: [
        `${((5 * answerBytes) / megabyte / seen.seconds).toFixed(1)} MB/s, masked on the way, written to files`,
      ],
    }
  } finally {
    server.child.disconnect()
  }
}

async function abortTimes({ child, url }: Server): Promise<readonly number[]> {
  const source = {
    ...({
      name: 'never',
      provider: 'compatible',
      protocol: 'compatible',
      model: 'never',
      baseUrl: url,
    } as const),
    ...{ key: null, maxOutputTokens: 1_000, timeoutMs: 60_000, price: null },
  }
  await using manager = new ExpertManager({ experts: [source] })
  const times: number[] = []
  for (let index = 0; index < aborts; index += 1) {
    const control = new AbortController()
    const question = { id: 'q', type: 'general', title: 'Well?', text: 'Well?' }
    let abortedAtMs = 0
    const closed = Promise.withResolvers<number>()
    try {
      for await (const event of manager.stream(question, { signal: control.signal })) {
        if (event.type !== 'text' || abortedAtMs > 0) continue
        child.once('message', ({ closedAtMs }: { readonly closedAtMs: number }) => closed.resolve(closedAtMs))
        child.send('wait')
        // The server is listening for the end before it comes.
        await new Promise((resolve) => setTimeout(resolve, 20))
        abortedAtMs = Date.now()
        control.abort()
      }
    } catch {
      // The abort.
    }
    times.push(Math.max(0, (await closed.promise) - abortedAtMs))
  }
  return times
}
