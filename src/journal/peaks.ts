/** What tasks needed: read before a run, added to as its tasks end. */
import { recordsPerTask } from '../memory/memory.ts'
import type { Statement, Store } from '../store/store.ts'
import type { TaskPeak } from './words.ts'

/** Enough for 2,500 tasks with all their records; beyond that the newest count. */
const mostRecords = 20_000

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

export async function readPeaks(store: Store): Promise<readonly TaskPeak[]> {
  const rows = await store.read<Row>(
    `select key, at_ms, peer_group, plan, task, duration_ms, peak_bytes, twentieths
     from peaks order by at_ms desc, key limit ?1`,
    [mostRecords],
  )
  return rows.map((row) => ({
    key: row.key,
    group: row.peer_group,
    atMs: row.at_ms,
    plan: row.plan,
    task: row.task,
    profile: {
      durationMs: row.duration_ms,
      peakBytes: row.peak_bytes,
      twentieths: row.twentieths.split(',').map(Number),
    },
  }))
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
