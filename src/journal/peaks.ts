/** What tasks needed: read before a run, added to as its tasks end. */
import { recordsPerTask } from '../memory/memory.ts'
import type { Statement, Store } from '../store/store.ts'
import type { TaskPeak } from './words.ts'

/** Enough for 2,500 tasks with all their records; beyond that the newest count. */
const mostRecords = 20_000
const pageRows = 500

type Row = {
  readonly key: string
  readonly at_ms: number
  readonly peer_group: string
  readonly plan: string
  readonly task: string
  readonly duration_ms: number
  readonly peak_bytes: number
  readonly twentieths: string
}

/** In pages: the rows of all of them at once would be the most that the engine ever holds. */
export async function readPeaks(store: Store): Promise<readonly TaskPeak[]> {
  const peaks: TaskPeak[] = []
  while (peaks.length < mostRecords) {
    const rows = await store.read<Row>(
      `select key, at_ms, peer_group, plan, task, duration_ms, peak_bytes, twentieths
       from peaks order by at_ms desc, key limit ?1 offset ?2`,
      [pageRows, peaks.length],
    )
    for (const row of rows) peaks.push(peakOf(row))
    if (rows.length < pageRows) break
  }
  return peaks
}

function peakOf(row: Row): TaskPeak {
  const {
    key,
    at_ms: atMs,
    peer_group: group,
    plan,
    task,
    duration_ms: durationMs,
    peak_bytes: peakBytes,
  } = row
  const twentieths = row.twentieths.split(',').map(Number)
  return { key, group, atMs, plan, task, profile: { durationMs, peakBytes, twentieths } }
}

/** The same record twice is one; of each task the newest eight stay. */
export function peakStatements(peaks: readonly TaskPeak[]): readonly Statement[] {
  return peaks.flatMap(({ key, group, atMs, plan, task, profile }) => [
    {
      sql: `insert into peaks (key, at_ms, peer_group, plan, task, duration_ms, peak_bytes, twentieths)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) on conflict (key, at_ms) do nothing`,
      parameters: [
        key,
        atMs,
        group,
        plan,
        task,
        Math.max(1, Math.round(profile.durationMs)),
        Math.round(profile.peakBytes),
        profile.twentieths.join(','),
      ],
    },
    {
      sql: `delete from peaks where key = ?1 and at_ms <
            (select at_ms from peaks where key = ?1 order by at_ms desc limit 1 offset ?2)`,
      parameters: [key, recordsPerTask - 1],
    },
  ])
}
