/** What each task did when: the events of a run as parts of time, ready to be drawn. */
import type { DeployEvent, Phase, TaskReport, TaskStatus, WaitReason } from '../spine.ts'
import { partsOfWait } from './wait-parts.ts'

/**
 * What a task did: it waited (a reason, or `waiting` where none is recorded), it ran, the guard had suspended it, it
 * paused before its next attempt, its undo ran.
 */
export type PartKind = WaitReason | 'waiting' | 'running' | 'held' | 'pause' | 'undo'
/** Times in milliseconds since 1970. */
export type TimelinePart = { readonly kind: PartKind; readonly fromMs: number; readonly toMs: number }
export type TimelineMark = {
  readonly atMs: number
  /** `requeued`: stopped for want of memory and put back in the queue. */
  readonly kind: 'attempt' | 'requeued' | 'failed'
  /** The number of the attempt that began, or had begun. */
  readonly attempt: number
}
export type TimelineRow = {
  readonly task: string
  readonly status: TaskStatus | 'waiting' | 'running'
  readonly parts: readonly TimelinePart[]
  readonly marks: readonly TimelineMark[]
}

/** A task that the guard suspended and let go on more often than this is drawn as if it ran from then on. */
const mostParts = 500
const mostMarks = 100

type Of<Type extends DeployEvent['type']> = Extract<DeployEvent, { type: Type }>
type Row = {
  readonly task: string
  status: TimelineRow['status']
  readonly parts: TimelinePart[]
  readonly marks: TimelineMark[]
  phase: Phase
  attempt: number
  /** What it does since when; null before it begins and after it has ended. */
  now: { readonly kind: PartKind; readonly fromMs: number } | null
  /** What is known of its waits in this phase. */
  waited: TaskReport['waitReasons']
}

/** As large as the plan; the parts and marks of a task are bounded. */
export class Timeline {
  readonly #rows = new Map<string, Row>()
  #lastMs = 0

  /** The events of one run, in their order. */
  add(event: DeployEvent): void {
    if (event.type === 'run-started') this.#begin('deploy', event.tasks, event.atMs)
    if (event.type === 'run-resumed') this.#goOn(event)
    if (event.type === 'undo-started') this.#begin('undo', event.tasks, event.atMs)
    this.#lastMs = Math.max(this.#lastMs, event.atMs)
    if (!('task' in event)) return
    const row = this.#rows.get(event.task) ?? newRow(event.task)
    this.#rows.set(event.task, row)
    change(row, event)
  }

  /** What is under way ends at `endMs` at the earliest: the last event is known to be before it. */
  rows(endMs = 0): readonly TimelineRow[] {
    const lastMs = Math.max(endMs, this.#lastMs)
    return [...this.#rows.values()].map(({ task, status, parts, marks, now }) => ({
      task,
      status,
      parts: now && lastMs > now.fromMs ? [...parts, { ...now, toMs: lastMs }] : [...parts],
      marks: [...marks],
    }))
  }

  /** Another engine goes on with what has not ended. */
  #goOn({ tasks, kept, atMs }: Of<'run-resumed'>): void {
    const ended = new Set(kept)
    const left = tasks.filter((name) => !ended.has(name))
    for (const name of left) {
      const row = this.#rows.get(name)
      if (row) row.status = 'waiting'
    }
    this.#begin('deploy', left, atMs)
  }

  #begin(phase: Phase, tasks: readonly string[], atMs: number): void {
    for (const task of tasks) {
      const row = this.#rows.get(task) ?? newRow(task)
      this.#rows.set(task, row)
      const hasEnded = row.status !== 'waiting' && row.status !== 'running'
      if (phase !== 'undo' && hasEnded) continue
      // An engine that goes on with the run of another: that one was last heard of then.
      close(row, this.#lastMs)
      Object.assign(row, { phase, waited: {}, now: { kind: 'waiting', fromMs: atMs } })
    }
  }
}

const newRow = (task: string): Row => ({
  ...{ task, status: 'waiting', parts: [], marks: [], phase: 'deploy', attempt: 1, now: null, waited: {} },
})

function change(row: Row, event: Extract<DeployEvent, { task: string }>): void {
  switch (event.type) {
    case 'task-started':
      start(row, event)
      break
    case 'task-guarded':
      guard(row, event)
      break
    case 'attempt-opened':
      open(row, event)
      break
    case 'attempt-ended':
      endAttempt(row, event)
      break
    case 'task-ended':
      endTask(row, event)
      break
    case 'task-waiting':
    case 'attempt-identified':
      break
    default:
      event satisfies never
  }
}

const isWaiting = (row: Row): boolean => row.now?.kind === 'waiting'

function start(row: Row, { atMs, phase, waitReasons }: Of<'task-started'>): void {
  row.phase = phase
  endWait(row, atMs, waitReasons)
  turnTo(row, runningIn(phase), atMs)
  if (phase !== 'undo') row.status = 'running'
}

function guard(row: Row, { atMs, phase, action }: Of<'task-guarded'>): void {
  if (action === 'suspended') turnTo(row, 'held', atMs)
  if (action === 'resumed' && row.now?.kind === 'held') turnTo(row, runningIn(phase), atMs)
  if (action === 'requeued') requeue(row, atMs)
}

function open(row: Row, { atMs, phase, attempt }: Of<'attempt-opened'>): void {
  row.attempt = attempt
  if (row.now?.kind === 'pause') turnTo(row, runningIn(phase), atMs)
  if (attempt > 1) mark(row, 'attempt', atMs)
}

/** Whether a last attempt was the end or is put back in the queue is told by what comes next. */
function endAttempt(row: Row, { atMs, nextInMs }: Of<'attempt-ended'>): void {
  if (nextInMs !== null) turnTo(row, 'pause', atMs)
  else if (row.now !== null && !isWaiting(row)) turnTo(row, 'waiting', atMs)
}

function endTask(row: Row, { atMs, phase, report }: Of<'task-ended'>): void {
  if (isWaiting(row) && report.attempts === 0) endWait(row, atMs, report.waitReasons)
  else if (!isWaiting(row)) close(row, atMs)
  row.now = null
  if (report.status === 'failed') mark(row, 'failed', atMs)
  if (phase !== 'undo') row.status = report.status
  else if (report.status === 'succeeded') row.status = 'undone'
}

function requeue(row: Row, atMs: number): void {
  mark(row, 'requeued', atMs)
  // Of one that the kernel has killed this is told after the end of its attempt.
  if (!isWaiting(row)) turnTo(row, 'waiting', atMs)
}

const runningIn = (phase: Phase): PartKind => (phase === 'undo' ? 'undo' : 'running')

function turnTo(row: Row, kind: PartKind, atMs: number): void {
  if (row.parts.length >= mostParts && (kind === 'held' || row.now?.kind === 'held')) return
  close(row, atMs)
  row.now = { kind, fromMs: atMs }
}

/** A wait is told apart by the reasons that became known at its end. */
function endWait(row: Row, atMs: number, waitReasons: TaskReport['waitReasons'] | undefined): void {
  if (row.now === null || !isWaiting(row)) return
  row.parts.push(...partsOfWait({ fromMs: row.now.fromMs, toMs: atMs, waitReasons, before: row.waited }))
  row.waited = waitReasons ?? row.waited
  row.now = null
}

function close(row: Row, atMs: number): void {
  if (row.now !== null && atMs > row.now.fromMs) row.parts.push({ ...row.now, toMs: atMs })
  row.now = null
}

function mark(row: Row, kind: TimelineMark['kind'], atMs: number): void {
  if (row.marks.length < mostMarks) row.marks.push({ kind, atMs, attempt: row.attempt })
}
