/**
 * Whether the record of a run holds together: its events are whole and in order, and its tables say what follows from
 * them. Reads only.
 */
import type { DeployEvent, Report } from '../spine.ts'
import type { Store } from '../store/store.ts'
import { findRun } from './run-rows.ts'
import { readAttempts, readTasks } from './task-rows.ts'
import type { AttemptRecord, RunRecord, TaskRecord } from './words.ts'

/** Further problems are counted, not told. */
const mostProblems = 50

type Attempt = { readonly token: string; status: AttemptRecord['status']; isLast: boolean }
type Replay = {
  readonly attempts: Map<string, Attempt>
  /** The last status of each phase and task. */
  readonly tasks: Map<string, string>
  readonly problems: string[]
  events: number
  isResumed: boolean
}

/** One sentence for each thing that cannot be; empty when all is well. */
export async function verifyRun(store: Store, runId: string): Promise<readonly string[]> {
  const run = await findRun(store, runId)
  const replay = await replayed(store, run)
  const attempts = await readAttempts(store, run.runId)
  const problems = [
    ...replay.problems,
    ...compareAttempts(replay, attempts),
    ...compareTasks(replay, await readTasks(store, run.runId)),
    ...(run.report === null ? [] : compareReport(replay, run, run.report, attempts)),
  ]
  const rest = problems.length - mostProblems
  return rest > 0 ? [...problems.slice(0, mostProblems), `and ${rest} more`] : problems
}

type Row = { readonly seq: number; readonly type: string; readonly body: string }

async function replayed(store: Store, { runId }: RunRecord): Promise<Replay> {
  const replay: Replay = { attempts: new Map(), tasks: new Map(), problems: [], events: 0, isResumed: false }
  const sql = 'select seq, type, body from events where run_id = ?1 and seq > ?2 order by seq'
  for await (const { seq, type, body } of store.stream<Row>(sql, [runId, 0])) {
    replay.events += 1
    if (Number(seq) !== replay.events) replay.problems.push(`event ${replay.events} has the number ${seq}`)
    const event = parsed(body)
    if (event?.type !== type || event.runId !== runId)
      replay.problems.push(`event ${seq} (${type}) is not whole`)
    else apply(replay, event, Number(seq))
  }
  return replay
}

function parsed(body: string): DeployEvent | null {
  try {
    return JSON.parse(body) as DeployEvent
  } catch {
    return null
  }
}

const keyOf = (phase: string, task: string, attempt?: number): string =>
  `${phase} "${task}"${attempt === undefined ? '' : `, attempt ${attempt}`}`

function apply(replay: Replay, event: DeployEvent, seq: number): void {
  if (event.type === 'run-resumed') replay.isResumed = true
  if (event.type === 'task-started') replay.tasks.set(keyOf(event.phase, event.task), 'running')
  if (event.type === 'task-ended') endTask(replay, event, seq)
  if (event.type === 'attempt-opened') openAttempt(replay, event, seq)
  if (event.type === 'attempt-identified' || event.type === 'attempt-ended') {
    const key = keyOf(event.phase, event.task, event.attempt)
    const attempt = replay.attempts.get(key)
    if (attempt?.status !== 'open') {
      replay.problems.push(`event ${seq} (${event.type}) is of ${key}, which is not open`)
    } else if (event.type === 'attempt-ended') {
      attempt.status = event.result.error === null ? 'succeeded' : 'failed'
      attempt.isLast = event.nextInMs === null
    }
  }
}

type Of<Type extends DeployEvent['type']> = Extract<DeployEvent, { type: Type }>

function openAttempt(
  replay: Replay,
  { phase, task, attempt, token }: Of<'attempt-opened'>,
  seq: number,
): void {
  if (replay.tasks.get(keyOf(phase, task)) !== 'running')
    replay.problems.push(`event ${seq} opens an attempt of ${keyOf(phase, task)}, which was not begun`)
  const before = replay.attempts.get(keyOf(phase, task, attempt - 1))
  if (before?.status === 'open')
    replay.problems.push(`event ${seq} opens attempt ${attempt} of ${keyOf(phase, task)} beside another`)
  replay.attempts.set(keyOf(phase, task, attempt), { token, status: 'open', isLast: false })
}

function endTask(replay: Replay, { phase, task, report }: Of<'task-ended'>, seq: number): void {
  replay.tasks.set(keyOf(phase, task), report.status)
  for (let attempt = 1; ; attempt += 1) {
    const known = replay.attempts.get(keyOf(phase, task, attempt))
    if (known === undefined) return
    if (known.status === 'open')
      replay.problems.push(`event ${seq} ends ${keyOf(phase, task)} while attempt ${attempt} is open`)
  }
}

function compareAttempts({ attempts }: Replay, rows: readonly AttemptRecord[]): readonly string[] {
  const problems: string[] = []
  for (const { phase, task, attempt, token, status } of rows) {
    const key = keyOf(phase, task, attempt)
    const told = attempts.get(key)
    if (told === undefined) problems.push(`${key} is in the table and in no event`)
    else if (told.status !== status) problems.push(`${key} is ${status}, its events say ${told.status}`)
    else if (told.token !== token) problems.push(`${key} has another token than its events`)
  }
  if (rows.length < attempts.size) problems.push(`${attempts.size - rows.length} attempts are in no table`)
  return problems
}

/** What was begun anew waits, whatever its events say. */
function compareTasks({ tasks, isResumed }: Replay, rows: readonly TaskRecord[]): readonly string[] {
  const problems: string[] = []
  const known = new Set<string>()
  for (const { phase, task, status, report } of rows) {
    const key = keyOf(phase, task)
    known.add(key)
    const told = tasks.get(key)
    const isAnew = isResumed && status === 'waiting' && report === null
    if (told === undefined ? status === 'waiting' : told === status || isAnew) continue
    problems.push(`${key} is ${status}, its events say ${told ?? 'nothing'}`)
  }
  for (const key of tasks.keys()) if (!known.has(key)) problems.push(`${key} is in no table`)
  return problems
}

function compareReport(
  { tasks }: Replay,
  run: RunRecord,
  report: Report,
  attempts: readonly AttemptRecord[],
): readonly string[] {
  const problems = attempts
    .filter(({ status }) => status === 'open')
    .map(({ phase, task, attempt }) => `${keyOf(phase, task, attempt)} is open, but the run has ended`)
  if (run.status !== report.status)
    problems.push(`the run is ${run.status}, its report says ${report.status}`)
  for (const [task, { status }] of Object.entries(report.tasks)) {
    const told = tasks.get(keyOf('deploy', task))
    const isUndone = status === 'undone' && told !== undefined
    if (told !== undefined && told !== status && !isUndone)
      problems.push(`${keyOf('deploy', task)} is ${status} in the report, its events say ${told}`)
    if (told === undefined && status !== 'cancelled')
      problems.push(`${keyOf('deploy', task)} is ${status} in the report, and in no event`)
  }
  return problems
}
