/** What a look at memory costs: the guard takes up to 100 a second while tasks run. */
import { checkMemoryPressure, MemoryMonitor } from '../src/memory/memory.ts'
import { type BenchResult, promised } from './measure.ts'

export const name = 'gauge'
const runs = 15
const looks = 2_000

function times(look: () => unknown, count = looks): readonly number[] {
  const each: number[] = []
  for (let round = 0; round <= runs; round += 1) {
    const startMs = performance.now()
    for (let done = 0; done < count; done += 1) look()
    each.push(((performance.now() - startMs) * 1_000) / count)
  }
  return each.slice(1)
}

export async function run(): Promise<BenchResult> {
  using monitor = new MemoryMonitor()
  const groups = monitor.read().limits.length - 1
  return {
    title: 'A look at memory',
    runs,
    rows: [
      promised(
        'MemoryMonitor.read()',
        times(() => monitor.read()),
        { unit: 'us', floor: 50 },
      ),
      promised(
        'checkMemoryPressure(), opens its files',
        times(() => checkMemoryPressure(), 200),
        {
          unit: 'us',
          floor: 1_000,
        },
      ),
      promised(
        'MemoryMonitor.stalls()',
        times(() => monitor.stalls()),
        { unit: 'us', floor: 200 },
      ),
    ],
    notes: [`the machine and ${groups} control groups; one run of ${looks} before them is not counted`],
  }
}
