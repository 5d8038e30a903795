/**
 * Questions to the experts: 100,000 of them created while 1,000 may be in memory, into a real SQLite file; pages far
 * behind beside the first one; and the pause that 100,000 entries make that expire at once. Each run has a process of its
 * own.
 */
import { fileURLToPath } from 'node:url'
import { atLeast, type BenchResult, measure, promised, TemporaryFolder, told } from './measure.ts'
import type { CreateCosts, ExpiryCosts, LogCosts } from './queries/costs.ts'

export const name = 'queries'
const runs = 3
const count = 100_000
const logBytes = 200_000_000

async function costsOf<Costs>(what: string, size = count): Promise<Costs> {
  using folder = new TemporaryFolder()
  const script = fileURLToPath(new URL('queries/costs.ts', import.meta.url))
  const { stdout } = await measure([process.execPath, '--expose-gc', script, what, folder.path, String(size)])
  return JSON.parse(stdout)
}

export async function run(): Promise<BenchResult> {
  const created: CreateCosts[] = []
  const expired: ExpiryCosts[] = []
  for (let round = 0; round < runs; round += 1) {
    created.push(await costsOf<CreateCosts>('create'))
    expired.push(await costsOf<ExpiryCosts>('expire'))
  }
  const log = await costsOf<LogCosts>('log', logBytes)
  const of = (look: (costs: CreateCosts) => number): number[] => created.map(look)
  return {
    title: '100,000 queries, 1,000 in memory',
    runs,
    rows: [
      atLeast(
        'created into SQLite, 512 callers at once',
        of(({ perSecond }) => perSecond),
        { unit: 'a second', least: 5_000 },
      ),
      told(
        '  processor time for each, all threads',
        of(({ cpuUs }) => cpuUs),
        'us',
      ),
      promised(
        'heap after the last tenth over heap after the first',
        of(({ heapGrowthBytes }) => heapGrowthBytes / 2 ** 20),
        { unit: 'MiB', floor: 2 },
      ),
      told(
        '  greatest resident set of the process',
        of(({ peakBytes }) => peakBytes / 2 ** 20),
        'MiB',
      ),
      told(
        'first page of 50 by number',
        of(({ firstPageMs }) => firstPageMs * 1_000),
        'us',
      ),
      promised(
        'page 2,000 by number, over the first',
        of(({ lastPageMs, firstPageMs }) => lastPageMs / firstPageMs),
        { unit: 'times', floor: 2 },
      ),
      told(
        'first page by cursor',
        of(({ firstCursorMs }) => firstCursorMs * 1_000),
        'us',
      ),
      promised(
        'page 2,000 by cursor, over the first',
        of(({ lastCursorMs, firstCursorMs }) => lastCursorMs / firstCursorMs),
        { unit: 'times', floor: 2 },
      ),
      told(
        'search for two words, first page',
        of(({ searchMs }) => searchMs * 1_000),
        'us',
      ),
      promised(
        '100,000 entries expire: longest turn of the loop, processor time',
        expired.map(({ longestCpuMs }) => longestCpuMs),
        { unit: 'ms', floor: 5 },
      ),
      told(
        '  the same on the clock on the wall',
        expired.map(({ longestMs }) => longestMs),
        'ms',
      ),
      told(
        '  until all have left',
        expired.map(({ allMs }) => allMs),
        'ms',
      ),
      told(
        'a log of 200 MB: growth of the resident set until it is stored',
        [log.writeGrowthBytes / 2 ** 20],
        'MiB',
      ),
      told('  and until it is read as well', [log.growthBytes / 2 ** 20], 'MiB'),
      told('  until it is stored, masked', [log.writeMs], 'ms'),
      told('  until it is read', [log.readMs], 'ms'),
    ],
    notes: ['the log: once', 'the clock on the wall also counts when other processes have the processor'],
  }
}
