/** The offline expert: how fast it reads, how much memory a long log takes, and how long a failed deployment waits for it. */
import { openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { blocks } from './diagnose/log.ts'
import { atLeast, type BenchResult, measure, promised, root, TemporaryFolder } from './measure.ts'

export const name = 'diagnose'
const runs = 5
/** Of a gigabyte each. */
const growthRuns = 3
const logBytes = 100_000_000
const mostGrowth = { unit: 'MB', floor: 64 }

type Read = { readonly cpuMs: number; readonly growthBytes: number }
type Failed = { readonly ms: number; readonly cause: string | null; readonly partial: boolean }

async function child<Result>(file: string, ...words: readonly string[]): Promise<Result> {
  const { stdout } = await measure([process.execPath, join(root, 'bench/diagnose', file), ...words])
  return JSON.parse(stdout) as Result
}

async function times<Result>(count: number, once: (round: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  for (let round = 0; round < count; round += 1) results.push(await once(round))
  return results
}

function writeLog(file: string, kind: keyof typeof blocks): void {
  const block = blocks[kind]()
  const descriptor = openSync(file, 'w')
  for (let done = 0; done < logBytes; done += block.length) writeSync(descriptor, block)
  writeSync(descriptor, '\nError: listen EADDRINUSE: address already in use 0.0.0.0:8080\n')
}

export async function run(): Promise<BenchResult> {
  using folder = new TemporaryFolder()
  const reads = await times(runs, () => child<Read>('read.ts', '200'))
  const errors = await times(runs, () => child<Read>('read.ts', '100', 'errors'))
  // One process in ten grows by twice as much as the others: V8 collects when it pleases.
  const growthOf = async (...words: readonly string[]): Promise<number[]> =>
    (await times(growthRuns, () => child<Read>('read.ts', ...words))).map(
      ({ growthBytes }) => growthBytes / 1e6,
    )
  const ordinary = await growthOf('1000')
  const complaints = await growthOf('1000', 'errors')
  const long = await growthOf('1000', 'long')
  const many = await growthOf('600', 'long', '60')
  await measure([process.execPath, 'scripts/build.ts'])
  const failing = async (kind: keyof typeof blocks): Promise<Failed[]> => {
    const plan = join(folder.path, `${kind}.yaml`)
    writeLog(join(folder.path, `${kind}.log`), kind)
    writeFileSync(plan, `name: long\ntasks:\n  print: { run: 'cat ${folder.path}/${kind}.log; exit 1' }\n`)
    return times(runs, (round) => child<Failed>('fail.ts', plan, join(folder.path, `${kind}-${round}`)))
  }
  const packed = await failing('ordinary')
  const packedErrors = await failing('errors')
  const wrong = [...packed, ...packedErrors].filter(
    ({ cause, partial }) => cause !== 'port-in-use' || !partial,
  )
  return {
    title: 'The offline expert',
    runs,
    rows: [
      atLeast(
        'read, a second of processor time',
        reads.map(({ cpuMs }) => 200_000 / cpuMs),
        { unit: 'MB', least: 50 },
      ),
      atLeast(
        'the same where each line is an error',
        errors.map(({ cpuMs }) => 100_000 / cpuMs),
        { unit: 'MB', least: 15 },
      ),
      promised('growth of the greatest resident set over a log of 1 GB', ordinary, mostGrowth),
      promised('the same where each line is an error', complaints, mostGrowth),
      promised('the same, each line 4 KB long and of trouble', long, mostGrowth),
      promised('the same in 60 logs of 10 MB', many, { unit: 'MB', floor: 128 }),
      promised(
        'from the end of a task that printed 100 MB to the report',
        packed.map(({ ms }) => ms),
        { unit: 'ms', floor: 300 },
      ),
      promised(
        'the same report where each line is an error',
        packedErrors.map(({ ms }) => ms),
        { unit: 'ms', floor: 300 },
      ),
    ],
    notes: [
      'one line in 50 is of a failure; the reading process is warm, the deploying one is new each time',
      ...(wrong.length > 0
        ? [`${wrong.length} of ${2 * runs} runs did not find the cause at the end of the log`]
        : []),
    ],
  }
}
