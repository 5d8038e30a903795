/** How full memory was while a run lasted. */
import type { MemoryPoint } from '../spine.ts'
import type { Statement, Store } from '../store/store.ts'
import type { MemoryChange } from './words.ts'

/** Above what a run writes; a bound all the same. */
const mostPoints = 1_000

type Row = {
  readonly at_ms: number
  readonly used_bytes: number
  readonly tasks_bytes: number
  readonly claim_bytes: number
  readonly load_line_bytes: number
  readonly capacity_bytes: number
}

export function memoryStatements(runId: string, { points, replace }: MemoryChange): readonly Statement[] {
  // What an engine before this one has kept of the run stays.
  const fromMs = Math.round(Math.min(...points.map(({ atMs }) => atMs)))
  const clearing = {
    sql: 'delete from memory_points where run_id = ?1 and at_ms >= ?2',
    parameters: [runId, fromMs],
  }
  const keeping = points.map((point) => ({
    sql: `insert into memory_points
        (run_id, at_ms, used_bytes, tasks_bytes, claim_bytes, load_line_bytes, capacity_bytes)
      values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
      on conflict (run_id, at_ms) do update set
        used_bytes = excluded.used_bytes, tasks_bytes = excluded.tasks_bytes, claim_bytes = excluded.claim_bytes,
        load_line_bytes = excluded.load_line_bytes, capacity_bytes = excluded.capacity_bytes`,
    parameters: [
      runId,
      ...[point.atMs, point.usedBytes, point.tasksBytes].map(Math.round),
      ...[point.claimBytes, point.loadLineBytes, point.capacityBytes].map(Math.round),
    ],
  }))
  return replace && points.length > 0 ? [clearing, ...keeping] : keeping
}

export async function readMemory(store: Store, runId: string): Promise<readonly MemoryPoint[]> {
  const rows = await store.read<Row>(
    `select at_ms, used_bytes, tasks_bytes, claim_bytes, load_line_bytes, capacity_bytes
     from memory_points where run_id = ?1 order by at_ms limit ${mostPoints}`,
    [runId],
  )
  return rows.map((row) => ({
    atMs: row.at_ms,
    usedBytes: row.used_bytes,
    tasksBytes: row.tasks_bytes,
    claimBytes: row.claim_bytes,
    loadLineBytes: row.load_line_bytes,
    capacityBytes: row.capacity_bytes,
  }))
}
