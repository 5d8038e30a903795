/** Values that tasks hand on, and that are not recorded because they held a secret. */
import type { Task, TaskReport } from '../spine.ts'

type Output = { readonly task: string; readonly key: string }

/** What stands for a secret in whatever is recorded. */
const mask = '***'

/** The tasks whose masked values are read by one of these; each with the names of the values. */
export function maskedReads(
  readers: readonly Task[],
  reportOf: (task: string) => TaskReport | undefined,
): ReadonlyMap<string, readonly string[]> {
  const reads = new Map<string, Set<string>>()
  for (const { task, key } of readers.flatMap((reader) => [...outputsIn(reader)])) {
    if (!isMasked(reportOf(task)?.outputs[key] ?? '')) continue
    const keys = reads.get(task) ?? new Set()
    reads.set(task, keys.add(key))
  }
  return new Map([...reads].map(([task, keys]) => [task, [...keys]]))
}

export const isMasked = (value: string): boolean => value.includes(mask)

/** Wherever they are named: in texts (`{ output }`) and in conditions (`op: 'output'`). */
function* outputsIn(value: unknown): Iterable<Output> {
  if (typeof value !== 'object' || value === null) return
  if ('op' in value && value.op === 'output') yield value as unknown as Output
  else if ('output' in value && typeof value.output === 'object') yield value.output as Output
  for (const inner of Object.values(value)) yield* outputsIn(inner)
}
