/** Messages of a run, as short as a test wants them. */
import type { AttemptResult, DeployEvent, Report, TaskReport } from '../../src/spine.ts'

export type Update = DeployEvent extends infer Event
  ? Event extends DeployEvent
    ? Omit<Event, 'runId' | 'atMs'>
    : never
  : never

export const at = (atMs: number, update: Update): DeployEvent => ({ runId: 'run-1', atMs, ...update })

export const gib = 2 ** 30

export const started = (tasks: readonly string[]): DeployEvent =>
  at(0, {
    type: 'run-started',
    plan: 'shop',
    version: '1.4',
    environment: 'production',
    tasks,
    capacityBytes: 8 * gib,
    loadLineBytes: 6 * gib,
  })

export const taskStarted = (task: string, atMs = 0): DeployEvent =>
  at(atMs, { type: 'task-started', phase: 'deploy', task, reservedBytes: 300 * 2 ** 20 })

export const taskEnded = (task: string, report: Partial<TaskReport> = {}, atMs = 0): DeployEvent =>
  at(atMs, { type: 'task-ended', phase: 'deploy', task, report: taskReport(report) })

export const waiting = (task: string, message: string, atMs = 0): DeployEvent =>
  at(atMs, { type: 'task-waiting', phase: 'deploy', task, reason: 'memory', message })

export const taskReport = (changes: Partial<TaskReport> = {}): TaskReport => ({
  status: 'succeeded',
  attempts: 1,
  durationMs: 2_300,
  waitedMs: 0,
  waitReasons: {},
  peakMemoryBytes: { lower: 100 * 2 ** 20, upper: 120 * 2 ** 20 },
  reservedBytes: 300 * 2 ** 20,
  enforcement: 'watchdog',
  suspendedMs: 0,
  requeues: 0,
  cpuMs: null,
  exitCode: 0,
  outputs: {},
  ...changes,
})

export const failedReport = (changes: Partial<TaskReport> = {}): TaskReport =>
  taskReport({
    status: 'failed',
    exitCode: 3,
    error: { code: 'TASK_FAILED', message: 'it ended with exit code 3', fix: 'Read its output' },
    lastOutput: 'first line\nlast line\n',
    ...changes,
  })

export const attemptResult = (message: string): AttemptResult => ({
  durationMs: 5,
  cpuMs: null,
  peakMemoryBytes: { lower: 0, upper: null },
  enforcement: 'none',
  exitCode: 1,
  outputs: {},
  leftovers: [],
  error: { code: 'TASK_FAILED', message, fix: 'Read its output' },
  lastOutput: '',
})

export const reportOf = (tasks: Record<string, TaskReport>, changes: Partial<Report> = {}): Report => ({
  type: 'report',
  runId: 'run-1',
  atMs: 12_300,
  status: 'succeeded',
  plan: 'shop',
  version: '1.4',
  environment: 'production',
  durationMs: 12_300,
  peakMemoryBytes: 3 * gib,
  tasks,
  ...changes,
})
