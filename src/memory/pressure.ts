/** One word for how near memory is to its end, with a margin so that the word does not flap. */

/** Below the load line; above it, where nothing new starts; near the limit, where the kernel is about to kill. */
export type PressureLevel = 'calm' | 'tight' | 'critical'

/** One place that bounds memory. The line is at or below the limit. */
export type Place = {
  readonly usedBytes: number
  readonly loadLineBytes: number
  readonly limitBytes: number
}

const ranks: Readonly<Record<PressureLevel, number>> = { calm: 0, tight: 1, critical: 2 }

/**
 * Tight: more in use than the load line. Critical: the room to the limit is a third of the distance between line and
 * limit or less, where that third counts as 5 % of the limit at most (a low line does not make half a machine
 * critical) and 1 % at least (a line at the limit still leaves time to act). A line at 85 % makes 95 % critical.
 *
 * A word that holds is left only half of that room below where it began: critical at 95 % ends below 92.5 %, tight at
 * 85 % below 82.5 %. `before` is the word of the reading before.
 */
export function pressureOf(place: Place, before: PressureLevel): PressureLevel {
  const { usedBytes, loadLineBytes, limitBytes } = place
  const third = (limitBytes - loadLineBytes) / 3
  const criticalRoomBytes = Math.max(0.01 * limitBytes, Math.min(0.05 * limitBytes, third))
  const marginOf = (level: PressureLevel): number =>
    ranks[before] >= ranks[level] ? criticalRoomBytes / 2 : 0
  if (usedBytes >= limitBytes - criticalRoomBytes - marginOf('critical')) return 'critical'
  if (usedBytes > loadLineBytes - marginOf('tight')) return 'tight'
  return 'calm'
}

export const worse = (one: PressureLevel, other: PressureLevel): PressureLevel =>
  ranks[one] >= ranks[other] ? one : other
