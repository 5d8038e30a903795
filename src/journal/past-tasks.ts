/** What the tasks of a plan needed lately: the ground for predictions. */
import type { Store } from '../store/store.ts'
import type { PastTask } from './words.ts'

const lastRuns = 30
const lastAttempts = 20

type AttemptRow = {
  readonly task: string
  readonly duration_ms: number
  readonly peak_bytes: number | null
}

export async function readPastTasks(store: Store, plan: string): Promise<ReadonlyMap<string, PastTask>> {
  const kept = new Map<string, AttemptRow[]>()
  for await (const row of attemptsOf(store, plan)) {
    const attempts = kept.get(row.task) ?? []
    if (attempts.length < lastAttempts) attempts.push(row)
    kept.set(row.task, attempts)
  }
  return new Map([...kept].map(([task, attempts]) => [task, pastOf(attempts)]))
}

/** Newest run first, a read for each, so that no read blocks for long. */
async function* attemptsOf(store: Store, plan: string): AsyncIterable<AttemptRow> {
  const runs = await store.read<{ id: string }>(
    'select id from runs where plan = ?1 order by opened desc, id desc limit ?2',
    [plan, lastRuns],
  )
  for (const { id } of runs) {
    yield* await store.read<AttemptRow>(
      `select task, duration_ms, coalesce(peak_upper_bytes, peak_lower_bytes) as peak_bytes
       from attempts where run_id = ?1 and phase = 'deploy' and status = 'succeeded' limit 100000`,
      [id],
    )
  }
}

/** Relative to the state directory, as attempts name them. */
export async function readGreenLogs(
  store: Store,
  { plan, task, limit }: { readonly plan: string; readonly task: string; readonly limit: number },
): Promise<readonly string[]> {
  const rows = await store.read<{ log: string }>(
    `select a.log from attempts a join runs r on r.id = a.run_id
     where r.id in (select id from runs where plan = ?1 order by opened desc, id desc limit ${lastRuns})
       and a.phase = 'deploy' and a.task = ?2 and a.status = 'succeeded'
     order by r.opened desc, r.id desc, a.attempt desc limit ?3`,
    [plan, task, limit],
  )
  return rows.map(({ log }) => log)
}

function pastOf(attempts: readonly AttemptRow[]): PastTask {
  // A peak of 0 is work that could not be measured, such as a function in the engine's own process.
  const peaks = attempts.map((attempt) => attempt.peak_bytes ?? 0).filter((bytes) => bytes > 0)
  return {
    durationMs: medianOf(attempts.map((attempt) => attempt.duration_ms)),
    peakMemoryBytes: peaks.length === 0 ? null : Math.max(...peaks),
    runs: attempts.length,
  }
}

/** Of an even number the lower of the two in the middle, so that it is a duration that was really seen. */
function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)] ?? 0
}
