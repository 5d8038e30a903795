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
const reasons = ['needs', 'approval', 'lock', 'slot', 'memory', 'host', 'suspended'] as const

/** What is not accounted for is at the beginning: the engine had not begun with it, or a stopped attempt was ending. */
export function partsOfWait({ fromMs, toMs, waitReasons, before }: Wait): readonly TimelinePart[] {
  if (toMs <= fromMs) return []
  if (waitReasons === undefined) return [{ kind: 'waiting', fromMs, toMs }]
  const msOf = (reason: WaitReason): number => Math.max(0, (waitReasons[reason] ?? 0) - (before[reason] ?? 0))
  const sumMs = reasons.reduce((sum, reason) => sum + msOf(reason), 0)
  const scale = Math.min(1, (toMs - fromMs) / Math.max(1, sumMs))
  const parts: TimelinePart[] = []
  let atMs = toMs - sumMs * scale
  for (const kind of reasons) {
    const endMs = atMs + msOf(kind) * scale
    if (endMs > atMs) parts.push({ kind, fromMs: atMs, toMs: endMs })
    atMs = endMs
  }
  return parts
}
