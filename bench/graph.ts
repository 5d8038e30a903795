/**
 * A graph of 10,000 nodes that do nothing, a hundred layers of a hundred, each needing three of the layer before, ten
 * at once: what `ParallelExecutor.execute` adds to a node. It checks the graph, starts the longest path first, keeps
 * to the load line and accounts for the waits of each node; the peers do less.
 */
import { installPeers, inTurns, seeProgram } from './contest.ts'
import { type BenchResult, type BenchRow, compared, measure, median, promised, told } from './measure.ts'

export const name = 'graph'
const runs = 7
/** In one process: the first is cold, what follows warm. */
const repeats = 6
const width = 100
const layers = 100
const atOnce = 10
const ours = 'plimsoll'
const peers = [
  "Kahn's algorithm by hand",
  'p-graph',
  'Effect, Deferred and Semaphore',
  'listr2, layer by layer',
]

type Seen = { readonly us: readonly number[]; readonly grownBytes: number }

const coldOf = (seen: readonly Seen[]): readonly number[] => seen.map(({ us }) => us[0] ?? Number.NaN)
const warmOf = (seen: readonly Seen[]): readonly number[] => seen.map(({ us }) => median(us.slice(1)))

function asideOf(seen: readonly Seen[]): readonly BenchRow[] {
  const grown = seen.map(({ grownBytes }) => grownBytes)
  return [
    told('  again in the same process', warmOf(seen), 'us'),
    told('  growth of the greatest resident set', grown, 'B'),
  ]
}

export async function run(): Promise<BenchResult> {
  await installPeers()
  await measure([process.execPath, 'scripts/build.ts'])
  const all = await inTurns({
    contestants: [ours, ...peers],
    rounds: runs,
    see: (contestant) => seeProgram<Seen>('graph.mjs', [contestant, width, layers, atOnce, repeats]),
  })
  const own = all.get(ours) ?? []
  const us = coldOf(own)
  return {
    title: `${width * layers} nodes that do nothing, ${layers} layers, three needs each, ${atOnce} at once`,
    runs,
    rows: [
      promised('ParallelExecutor.execute, per node', us, { unit: 'us', floor: 6 }),
      ...asideOf(own),
      ...peers.flatMap((peer) => {
        const seen = all.get(peer) ?? []
        return [compared(peer, coldOf(seen), { unit: 'us', ours: median(us) }), ...asideOf(seen)]
      }),
    ],
    notes: [
      `cold for all: the first run in a fresh process, as a deployment has it; then the median of ${repeats - 1} more`,
      `at most 6 us was promised for a machine on which Kahn's algorithm by hand takes 1.7 us`,
      'listr2 knows no needs between tasks: its layers wait for each other, and it checks nothing',
    ],
  }
}
