/** What tasks with inputs did last. */
import type { Statement, Store } from '../store/store.ts'
import type { DoneTask } from './words.ts'

type Key = readonly [plan: string, environment: string | null, task: string]
type Row = {
  readonly run_id: string
  readonly at_ms: number
  readonly digest: string
  readonly outputs_digest: string | null
  readonly outputs: string
  readonly parts: string | null
}

export async function readDone(store: Store, [plan, environment, task]: Key): Promise<DoneTask | null> {
  const [row] = await store.read<Row>(
    `select run_id, at_ms, digest, outputs_digest, outputs, parts from done
     where plan = ?1 and environment = ?2 and task = ?3`,
    [plan, environment ?? '', task],
  )
  if (row === undefined) return null
  return {
    ...{ plan, environment, task, runId: row.run_id, atMs: row.at_ms, digest: row.digest },
    outputsDigest: row.outputs_digest,
    outputs: JSON.parse(row.outputs) as Record<string, string>,
    parts: row.parts === null ? null : new Map(JSON.parse(row.parts) as [string, string][]),
  }
}

export const doneStatement = (done: DoneTask): Statement => ({
  sql: `insert into done (plan, environment, task, run_id, at_ms, digest, outputs_digest, outputs, parts)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
    on conflict (plan, environment, task) do update set
      run_id = excluded.run_id, at_ms = excluded.at_ms, digest = excluded.digest,
      outputs_digest = excluded.outputs_digest, outputs = excluded.outputs, parts = excluded.parts`,
  parameters: [
    ...[done.plan, done.environment ?? '', done.task, done.runId, Math.round(done.atMs), done.digest],
    ...[done.outputsDigest, JSON.stringify(done.outputs), done.parts && JSON.stringify([...done.parts])],
  ],
})

/** From here on nobody knows how far the task, or its undo, gets. */
export const forgetDone = (runId: string, task: string): Statement => ({
  sql: `delete from done where task = ?2 and
      (plan, environment) in (select plan, coalesce(environment, '') from runs where id = ?1)`,
  parameters: [runId, task],
})
