/**
 * What `retry` costs: a call that succeeds, one that fails twice without a wait, and what is left of them. Beside it what
 * people use, and the loop that one writes by hand; each in a process of its own, with that loop in the same process.
 */
import { installPeers, inTurns, seeProgram } from './contest.ts'
import { type BenchResult, type BenchRow, compared, measure, median, promised, told } from './measure.ts'

export const name = 'retry'
const runs = 3
const ours = 'plimsoll'
/** Its settings are checked once, as those of cockatiel and Effect are. */
const madeOnce = 'plimsoll, made once'
const peers = [madeOnce, 'p-retry', 'cockatiel', 'async-retry', 'Effect']

type Seen = {
  /** Processor time over that of a bare call. */
  readonly overUs: number
  readonly failingUs: number
  /** The same by the clock, waits included. */
  readonly clockUs: number
  /** Processor time, to that of the loop by hand. */
  readonly toHand: number
  readonly keptBytes: number
}
type Buffers = { readonly grownBytes: number; readonly alive: number; readonly ms: number }

export async function run(): Promise<BenchResult> {
  await installPeers()
  await measure([process.execPath, 'scripts/build.ts'])
  const see = (contestant: string): Promise<Seen> => seeProgram<Seen>('retry.mjs', [contestant])
  const all = await inTurns({ contestants: [ours, ...peers], rounds: runs, see })
  const buffers = await inTurns({
    contestants: [ours, 'loop by hand'],
    rounds: runs,
    see: (contestant) => seeProgram<Buffers>('retry-buffers.mjs', [contestant]),
  })
  const of = (contestant: string): readonly Seen[] => all.get(contestant) ?? []
  return {
    title: 'retry: microseconds a call, one after the other',
    runs,
    rows: [...successRows(of), ...failureRows(of), ...keptRows(of), ...bufferRows(buffers)],
    notes: [
      'a fresh process each; a bare call and the loop by hand are measured in that process, in turn',
      'p-retry and ours set no timer for a wait of zero, the others wait for one',
    ],
  }
}

type Of = (contestant: string) => readonly Seen[]

function successRows(of: Of): readonly BenchRow[] {
  const over = of(ours).map(({ overUs }) => overUs)
  return [
    promised('success: processor time over a bare call', over, { unit: 'us', floor: 0.5 }),
    ...peers.map((peer) =>
      compared(
        `  ${peer}`,
        of(peer).map(({ overUs }) => overUs),
        { unit: 'us', ours: median(over) },
      ),
    ),
  ]
}

function failureRows(of: Of): readonly BenchRow[] {
  const failing = of(ours).map(({ failingUs }) => failingUs)
  const times = of(ours).map(({ toHand }) => toHand)
  return [
    told('two failures without a wait: processor time', failing, 'us'),
    promised('  to the loop by hand in the same process', times, { unit: 'x', floor: 1.5 }),
    ...peers.map((peer) =>
      compared(
        `  ${peer}`,
        of(peer).map(({ failingUs }) => failingUs),
        { unit: 'us', ours: median(failing) },
      ),
    ),
    told('  by the clock', clockOf(of(ours)), 'us'),
    ...peers.map((peer) =>
      compared(`    ${peer}`, clockOf(of(peer)), { unit: 'us', ours: median(clockOf(of(ours))) }),
    ),
  ]
}

const clockOf = (seen: readonly Seen[]): readonly number[] => seen.map(({ clockUs }) => clockUs)

const keptRows = (of: Of): readonly BenchRow[] => [
  promised(
    'left behind of a call, after a million',
    of(ours).map(({ keptBytes }) => keptBytes),
    { unit: 'B', floor: 0.1 },
  ),
]

function bufferRows(buffers: ReadonlyMap<string, readonly Buffers[]>): readonly BenchRow[] {
  const own = buffers.get(ours) ?? []
  const byHand = buffers.get('loop by hand') ?? []
  const grown = (seen: readonly Buffers[]): readonly number[] =>
    seen.map(({ grownBytes }) => grownBytes / 1e6)
  const alive = own.map((seen) => seen.alive)
  // A tenth is noise of the allocator.
  const floor = Math.round(1.1 * median(grown(byHand)))
  return [
    promised('1,000 attempts of 10 MB: alive after a collection', alive, { unit: 'buffers', floor: 2 }),
    promised('  growth of the greatest resident set', grown(own), { unit: 'MB', floor }),
    compared('  loop by hand', grown(byHand), { unit: 'MB', ours: median(grown(own)) }),
  ]
}
