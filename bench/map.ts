/**
 * A million async functions that do nothing, ten at once: what `ParallelExecutor.map` adds to a function, in time and
 * in memory, read with `for await`. Beside it the loop that one writes by hand, and the queues and limiters that people
 * use, given all functions at once as their documentation shows.
 */
import { installPeers, inTurns, seeProgram } from './contest.ts'
import { type BenchResult, compared, measure, median, promised, told } from './measure.ts'

export const name = 'map'
const runs = 5
const tasks = 1_000_000
const atOnce = 10
const ours = 'plimsoll'
const peers = ['loop by hand', 'Effect.forEach', 'fastq.promise', 'p-limit', 'p-queue']

type Seen = { readonly us: number; readonly grownBytes: number }

const usOf = (seen: readonly Seen[]): readonly number[] => seen.map(({ us }) => us)
const grownOf = (seen: readonly Seen[]): readonly number[] => seen.map(({ grownBytes }) => grownBytes)

export async function run(): Promise<BenchResult> {
  await installPeers()
  await measure([process.execPath, 'scripts/build.ts'])
  const all = await inTurns({
    contestants: [ours, ...peers],
    rounds: runs,
    see: (contestant) => seeProgram<Seen>('map.mjs', [contestant, tasks, atOnce]),
  })
  const own = all.get(ours) ?? []
  const us = usOf(own)
  return {
    title: `${tasks} async functions that do nothing, ${atOnce} at once`,
    runs,
    rows: [
      promised('ParallelExecutor.map, per task', us, { unit: 'us', floor: 1 }),
      promised('  growth of the greatest resident set', grownOf(own), { unit: 'B', floor: 50 }),
      ...peers.flatMap((peer) => {
        const seen = all.get(peer) ?? []
        return [
          compared(peer, usOf(seen), { unit: 'us', ours: median(us) }),
          told('  growth of the greatest resident set', grownOf(seen), 'B'),
        ]
      }),
    ],
    notes: ['a fresh process each, started cold; loading the library is not counted'],
  }
}
