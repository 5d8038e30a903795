/**
 * What is done when estimates were wrong or others took memory: the newest tasks are suspended near the limit, resumed
 * when there is room, and stopped at the limit, to be started again. The oldest task always runs, so that a run goes
 * forward. Decisions only, from numbers; whoever asks acts. The shape is that of Buck2's resource control (newest first,
 * the oldest is the proof of progress), on usage instead of PSI, which comes too late without swap.
 */

export type GuardedTask = {
  readonly observedBytes: number
  /** What it may still take. */
  readonly claimBytes: number
  readonly isSuspended: boolean
}

export type GuardView = {
  readonly nowMs: number
  /** Room to the load line and to the limit; negative above it. */
  readonly roomBytes: number
  readonly limitRoomBytes: number
  /** What tasks that were stopped still hold: about to come free. */
  readonly leavingBytes: number
  /** Oldest first. */
  readonly tasks: readonly GuardedTask[]
}

/** Numbers of tasks as in the view. */
export type GuardDecision = {
  readonly suspend: readonly number[]
  readonly resume: readonly number[]
  readonly evict: readonly number[]
}

/** On the way from the line to the limit: here the newest is suspended, ... */
const suspendShare = 0.5
/** ... and here all but the oldest, and the newest are stopped. */
export const stopShare = 0.85
/** One is resumed at a time, with this pause after the last: suspending is quick, resuming slower. */
const resumePauseMs = 50
/** Growth is taken to go on as long as it took to see it, within these bounds: until the next look has its effect. */
const shortestAheadMs = 40
const longestAheadMs = 100
/** Stopping a task that holds less frees nothing. */
const worthStoppingBytes = 2 ** 20

const nothing: GuardDecision = { suspend: [], resume: [], evict: [] }

export class Guard {
  #before: { readonly nowMs: number; readonly roomBytes: number } | null = null
  #resumedAtMs = Number.NEGATIVE_INFINITY

  decide(view: GuardView): GuardDecision {
    const overBytes = -view.roomBytes - view.leavingBytes
    const soonBytes = overBytes + this.#growthAhead(view)
    const gapBytes = Math.max(0, view.limitRoomBytes - view.roomBytes)
    if (view.tasks.length === 0) return nothing
    if (soonBytes <= suspendShare * gapBytes) return this.#resume(view)
    const decision = hold(view, { overBytes, soonBytes, gapBytes })
    return view.tasks[0]?.isSuspended ? { ...decision, resume: [0] } : decision
  }

  #growthAhead({ nowMs, roomBytes }: GuardView): number {
    const before = this.#before
    this.#before = { nowMs, roomBytes }
    if (before === null || nowMs <= before.nowMs) return 0
    const passedMs = nowMs - before.nowMs
    const aheadMs = Math.min(longestAheadMs, Math.max(shortestAheadMs, passedMs))
    return Math.max(0, (before.roomBytes - roomBytes) / passedMs) * aheadMs
  }

  #resume({ nowMs, roomBytes, tasks }: GuardView): GuardDecision {
    const first = tasks.findIndex(({ isSuspended }) => isSuspended)
    if (first < 0) return nothing
    const claims = tasks.reduce((sum, task) => sum + (task.isSuspended ? 0 : task.claimBytes), 0)
    const fits = claims + (tasks[first]?.claimBytes ?? 0) <= roomBytes
    const isDue = nowMs - this.#resumedAtMs >= resumePauseMs
    if (first > 0 && !(fits && isDue)) return nothing
    this.#resumedAtMs = nowMs
    return { ...nothing, resume: [first] }
  }
}

type Excess = {
  /** Above the line now, and soon; what is between the line and the limit. */
  readonly overBytes: number
  readonly soonBytes: number
  readonly gapBytes: number
}

/** The newest first; nothing of the oldest, which is number 0. Stopping is for what has come, not for what may come. */
function hold({ tasks }: GuardView, { overBytes, soonBytes, gapBytes }: Excess): GuardDecision {
  const newestFirst = tasks
    .map((task, number) => ({ task, number }))
    .slice(1)
    .reverse()
  const running = newestFirst.filter(({ task }) => !task.isSuspended).map(({ number }) => number)
  if (soonBytes <= stopShare * gapBytes) return { ...nothing, suspend: running.slice(0, 1) }
  const evict: number[] = []
  let tooMuch = overBytes > suspendShare * gapBytes ? soonBytes - suspendShare * gapBytes : 0
  for (const { task, number } of newestFirst) {
    if (tooMuch <= 0) break
    if (task.observedBytes < worthStoppingBytes) continue
    evict.push(number)
    tooMuch -= task.observedBytes
  }
  return { ...nothing, suspend: running.filter((number) => !evict.includes(number)), evict }
}
