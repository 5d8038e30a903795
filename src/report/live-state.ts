/** What the live view knows of a run, kept up to date by its events. As large as the tasks that run or wait. */
import type { DeployEvent, WaitReason } from '../spine.ts'
import { subjectOf } from './event-words.ts'
import type { RunFacts } from './totals.ts'

export type RunningTask = {
  readonly subject: string
  readonly startedAtMs: number
  readonly reservedBytes: number
  attempt: number
  /** When the next attempt begins, while the task waits for it. */
  nextAtMs: number | null
  /** Why the guard has suspended it; null while it runs. */
  suspended: string | null
}
export type WaitingTask = {
  readonly subject: string
  readonly reason: WaitReason
  readonly message: string
  /** It had begun, and was stopped for want of memory. */
  readonly requeued: boolean
}
export type MemoryNow = Omit<Extract<DeployEvent, { type: 'memory' }>, 'type' | 'runId' | 'atMs'>

export type LiveState = {
  startedAtMs: number | null
  total: number
  ended: number
  failed: number
  /** Undo work that is to be done and that has ended. */
  undoTotal: number
  undoEnded: number
  stopping: boolean
  memory: MemoryNow | null
  facts: RunFacts
  /** In the order of their start. */
  readonly running: Map<string, RunningTask>
  readonly waiting: Map<string, WaitingTask>
}

export function emptyState(): LiveState {
  return {
    startedAtMs: null,
    total: 0,
    ended: 0,
    failed: 0,
    undoTotal: 0,
    undoEnded: 0,
    stopping: false,
    memory: null,
    facts: {},
    running: new Map(),
    waiting: new Map(),
  }
}

export function apply(state: LiveState, event: DeployEvent): void {
  state.startedAtMs ??= event.atMs
  switch (event.type) {
    case 'run-started':
      state.total = event.tasks.length
      state.facts = { loadLineBytes: event.loadLineBytes, capacityBytes: event.capacityBytes }
      break
    case 'run-resumed':
      state.total = event.tasks.length
      state.ended = event.kept.length
      state.facts = { loadLineBytes: event.loadLineBytes, capacityBytes: event.capacityBytes }
      break
    case 'task-waiting':
      wait(state, event)
      break
    case 'task-started':
      start(state, event)
      break
    case 'task-guarded':
      guard(state, event)
      break
    case 'attempt-opened':
      changeRunning(state, event, { attempt: event.attempt, nextAtMs: null })
      break
    case 'attempt-ended':
      if (event.nextInMs !== null) changeRunning(state, event, { nextAtMs: event.atMs + event.nextInMs })
      break
    case 'task-ended':
      end(state, event)
      break
    case 'memory':
      state.memory = event
      break
    case 'undo-started':
      state.undoTotal = event.tasks.length
      break
    case 'stopping':
      state.stopping = true
      break
    case 'run-waiting':
    case 'attempt-identified':
    case 'warning':
      break
    default:
      event satisfies never
  }
}

type Of<Type extends DeployEvent['type']> = Extract<DeployEvent, { type: Type }>

function wait(state: LiveState, event: Of<'task-waiting'>): void {
  const subject = subjectOf(event)
  const { reason, message } = event
  const requeued = state.waiting.get(subject)?.requeued ?? false
  state.waiting.set(subject, { subject, reason, message, requeued })
}

function start(state: LiveState, event: Of<'task-started'>): void {
  const subject = subjectOf(event)
  state.waiting.delete(subject)
  const { atMs: startedAtMs, reservedBytes } = event
  state.running.set(subject, {
    subject,
    startedAtMs,
    reservedBytes,
    attempt: 1,
    nextAtMs: null,
    suspended: null,
  })
}

function guard(state: LiveState, event: Of<'task-guarded'>): void {
  const subject = subjectOf(event)
  if (event.action !== 'requeued') {
    changeRunning(state, event, { suspended: event.action === 'suspended' ? event.message : null })
    return
  }
  state.running.delete(subject)
  state.waiting.set(subject, {
    subject,
    reason: 'memory',
    message: `stopped for want of memory (${event.message})`,
    requeued: true,
  })
}

function changeRunning(
  state: LiveState,
  event: Of<'attempt-opened' | 'attempt-ended' | 'task-guarded'>,
  change: Partial<Pick<RunningTask, 'attempt' | 'nextAtMs' | 'suspended'>>,
): void {
  const task = state.running.get(subjectOf(event))
  if (task) Object.assign(task, change)
}

function end(state: LiveState, event: Of<'task-ended'>): void {
  const subject = subjectOf(event)
  state.waiting.delete(subject)
  state.running.delete(subject)
  if (event.phase === 'undo') {
    state.undoEnded += 1
    return
  }
  if (event.phase !== 'deploy') return
  state.ended += 1
  if (event.report.status === 'failed') state.failed += 1
}
