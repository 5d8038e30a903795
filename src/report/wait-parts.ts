/** What a task waited for, one after the other. */
import type { TaskReport, WaitReason } from '../spine.ts'
import type { TimelinePart } from './timeline.ts'

type Wait = {
  readonly fromMs: number
  readonly toMs: number
  /** All that the task has waited for until `toMs`; undefined where it is not recorded. */
  readonly waitReasons: TaskReport['waitReasons'] | undefined
  /** Of that, what was before `fromMs`. */
  readonly before: TaskReport['waitReasons']
}

/** Only sums are recorded: needs come first in truth, the others are drawn in this order. */
const laterReasons = ['approval', 'lock', 'slot', 'memory', 'host', 'suspended'] as const

export function partsOfWait({ fromMs, toMs, waitReasons, before }: Wait): readonly TimelinePart[] {
  if (toMs <= fromMs) return []
  if (waitReasons === undefined) return [{ kind: 'waiting', fromMs, toMs }]
  const msOf = (reason: WaitReason): number => Math.max(0, (waitReasons[reason] ?? 0) - (before[reason] ?? 0))
  const needsMs = msOf('needs')
  const laterMs = laterReasons.reduce((sum, reason) => sum + msOf(reason), 0)
  const readyMs = laterMs === 0 && needsMs > 0 ? toMs : Math.min(toMs, fromMs + needsMs)
  const parts: TimelinePart[] = readyMs > fromMs ? [{ kind: 'needs', fromMs, toMs: readyMs }] : []
  let atMs = readyMs
  for (const kind of laterReasons) {
    const endMs = laterMs > 0 ? atMs + (msOf(kind) / laterMs) * (toMs - readyMs) : atMs
    if (endMs > atMs) parts.push({ kind, fromMs: atMs, toMs: endMs })
    atMs = endMs
  }
  return parts
}
