/**
 * 200 tasks with large buffers, ten at once, beside all of them at once: what the limit saves in memory, and whether it
 * costs time. Three ways: a buffer that is touched and let go in the process, the same in threads, and a result of 10
 * MB each, read one by one.
 */
import { MemoryMonitor } from '../src/memory/memory.ts'
import { inTurns, seeProgram } from './contest.ts'
import { type BenchResult, type BenchRow, measure, median, promised, told } from './measure.ts'

export const name = 'bulk'
const runs = 3
const tasks = 200
const atOnce = 10
/** As long as a small read or request takes: what others do meanwhile hides it. */
const holdMs = 20
/** Peak at least 70 % below that of all at once. */
const mostPeakPercent = 30
/** No slower; a tenth is the noise of a machine that others use. */
const mostTimes = 1.1

type Way = { readonly key: string; readonly title: string; readonly bytes: number }

const ways: readonly Way[] = [
  { key: 'here', title: '50 MB each, in the process', bytes: 50_000_000 },
  { key: 'threads', title: '50 MB each, in threads', bytes: 50_000_000 },
  { key: 'results', title: 'a result of 10 MB each, one by one', bytes: 10_000_000 },
]

type Seen = { readonly wallMs: number; readonly peakBytes: number }

const secondsOf = (seen: readonly Seen[]): readonly number[] => seen.map(({ wallMs }) => wallMs / 1_000)
const peaksOf = (seen: readonly Seen[]): readonly number[] => seen.map(({ peakBytes }) => peakBytes / 1e6)

async function rowsOf({ key, title, bytes }: Way): Promise<readonly BenchRow[]> {
  const ours = `${key}, plimsoll`
  const peer = `${key}, all at once`
  const seen = await inTurns({
    contestants: [ours, peer],
    rounds: runs,
    see: (contestant) => seeProgram<Seen>('bulk.mjs', [contestant, tasks, bytes, holdMs, atOnce]),
  })
  const own = seen.get(ours) ?? []
  const all = seen.get(peer) ?? []
  const share = (100 * median(peaksOf(own))) / median(peaksOf(all))
  const times = median(secondsOf(own)) / median(secondsOf(all))
  return [
    promised(`${title}: peak, of that of all at once`, [share], { unit: '%', floor: mostPeakPercent }),
    promised('  wall time, of that of all at once', [times], { unit: 'x', floor: mostTimes }),
    told('  greatest resident set', peaksOf(own), 'MB'),
    told('    all at once', peaksOf(all), 'MB'),
    told('  wall time', secondsOf(own), 's'),
    told('    all at once', secondsOf(all), 's'),
  ]
}

/** All at once fills this much, and a tenth for the rest. */
const roomFor = ({ bytes }: Way): number => tasks * bytes * 1.1

export async function run(): Promise<BenchResult> {
  await measure([process.execPath, 'scripts/build.ts'])
  using monitor = new MemoryMonitor()
  const rows: BenchRow[] = []
  const notes = [
    `each task fills its buffer, waits ${holdMs} ms and reads a byte of every page`,
    `threads: a pool of ${atOnce} beside a new thread for each task, all ${tasks} started at once`,
    `no slower: at most ${mostTimes} times the median, for the noise of a shared machine`,
  ]
  for (const way of ways) {
    if (monitor.read().limitRoomBytes >= roomFor(way)) rows.push(...(await rowsOf(way)))
    else notes.push(`${way.title}: left out, all at once needs ${roomFor(way) / 1e9} GB of free memory`)
  }
  return { title: `${tasks} tasks with large buffers, ${atOnce} at once`, runs, rows, notes }
}
