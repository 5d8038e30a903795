/** Plans, identities, results, reports and any event, for the tests of the journal. */
import fc from 'fast-check'
import type {
  AttemptResult,
  DeployEvent,
  Plan,
  ProcessIdentity,
  Report,
  TaskReport,
  WaitReason,
} from '../../src/spine.ts'

export const plan: Plan = {
  name: 'storefront',
  version: '2',
  environment: 'staging',
  file: '/srv/shop/plimsoll.yaml',
  digest: 'ab12',
  vars: { PORT: '8081' },
  secrets: { KEY: { from: 'environment', variable: 'KEY' } },
  options: {
    executor: {
      maxConcurrentTasks: 10,
      memoryLimitMb: 1024,
      maxWorkersThread: 10,
      maxWorkersProcess: 2,
      enableProgress: true,
      memoryPressureThreshold: 0.85,
      memoryBudgetBytes: null,
    },
    retry: { maxAttempts: 3, memoryLimitMb: 100, cleanupBetweenRetries: true, maxPayloadSizeMb: 50 },
    queries: { queryTtlHours: 24, maxCachedQueries: 1000 },
    experts: { maxConcurrentQueries: 5, memoryBudgetMb: 512, enableStreaming: true },
    metrics: { chunkSize: 100 },
  },
  approve: false,
  tasks: [
    {
      name: 'build',
      needs: [],
      work: { kind: 'exec', words: [['make'], [{ secret: 'KEY' }]], detach: false },
      undo: { kind: 'stop' },
      dir: '/srv/shop',
      env: {},
      secrets: ['KEY'],
      when: { op: 'equal', left: { op: 'text', value: 'a' }, right: { op: 'status', task: 'x' } },
      limitBytes: 1024 ** 3,
      expectBytes: null,
      timeoutMs: 600_000,
      retry: { maxAttempts: 1, strategy: 'exponential', minDelayMs: 1_000, maxDelayMs: 30_000 },
    },
  ],
}

export const engine: ProcessIdentity = { pid: 11, startTicks: 22, bootId: 'boot', token: 'engine' }

export const result: AttemptResult = {
  durationMs: 1_200,
  cpuMs: 900,
  peakMemoryBytes: { lower: 5_000, upper: 6_000 },
  enforcement: 'watchdog',
  exitCode: 0,
  outputs: { url: 'http://127.0.0.1' },
  leftovers: [],
  error: null,
  lastOutput: '',
}

export const taskReport: TaskReport = {
  status: 'succeeded',
  attempts: 1,
  durationMs: 1_200,
  waitedMs: 30,
  waitReasons: { memory: 30 },
  peakMemoryBytes: { lower: 5_000, upper: null },
  reservedBytes: 7_000,
  enforcement: 'watchdog',
  suspendedMs: 0,
  requeues: 0,
  cpuMs: 900,
  exitCode: 0,
  outputs: { url: 'http://127.0.0.1' },
}

export const reportOf = (runId: string): Report => ({
  type: 'report',
  runId,
  atMs: 9_000,
  status: 'succeeded',
  plan: plan.name,
  version: plan.version,
  environment: plan.environment,
  durationMs: 8_000,
  peakMemoryBytes: 5_000,
  tasks: { build: taskReport },
})

const text = fc.string({ unit: 'binary', maxLength: 40 })
const task = fc.oneof(fc.constantFrom('build', '__proto__', "o'clock; drop table runs"), text)
const count = fc.nat()
const phase = fc.constantFrom('deploy' as const, 'undo' as const)
const waitReasons = fc.constantFrom<TaskReport['waitReasons']>({}, { memory: 3 }, { slot: 1, host: 0 })
const orNull = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> => fc.option(value)
const bracket = fc.record({ lower: count, upper: orNull(count) })
const enforcement = fc.constantFrom('hard' as const, 'watchdog' as const, 'none' as const)
const error = fc.record({
  code: fc.constantFrom('TASK_FAILED' as const, 'INTERNAL' as const),
  message: text,
  fix: text,
})
const outputs = fc.dictionary(text, text, { maxKeys: 4 })
const reason = fc.constantFrom<WaitReason>('needs', 'slot', 'memory', 'host', 'approval', 'lock', 'suspended')

const anyResult: fc.Arbitrary<AttemptResult> = fc.record({
  durationMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
  cpuMs: orNull(count),
  peakMemoryBytes: bracket,
  enforcement,
  exitCode: orNull(count),
  outputs,
  leftovers: fc.array(count, { maxLength: 3 }),
  error: orNull(error),
  lastOutput: text,
})

const anyTaskReport: fc.Arbitrary<TaskReport> = fc.record(
  {
    status: fc.constantFrom('succeeded', 'failed', 'skipped', 'cancelled', 'undone'),
    attempts: count,
    durationMs: count,
    waitedMs: count,
    waitReasons,
    peakMemoryBytes: bracket,
    reservedBytes: count,
    enforcement,
    suspendedMs: count,
    requeues: count,
    cpuMs: orNull(count),
    exitCode: orNull(count),
    outputs,
    because: text,
    error,
    lastOutput: text,
  },
  {
    requiredKeys: [
      ...(['status', 'attempts', 'durationMs', 'waitedMs', 'waitReasons', 'peakMemoryBytes'] as const),
      ...([
        'reservedBytes',
        'enforcement',
        'suspendedMs',
        'requeues',
        'cpuMs',
        'exitCode',
        'outputs',
      ] as const),
    ],
  },
)

/** Of one run. */
export function anyEvent(runId: string): fc.Arbitrary<DeployEvent> {
  const head = { runId: fc.constant(runId), atMs: count }
  const attempt = { ...head, phase, task, attempt: fc.nat(3) }
  const type = <Type extends DeployEvent['type']>(name: Type): fc.Arbitrary<Type> => fc.constant(name)
  const token = fc.uuid()
  const identity = fc.record({ pid: count, startTicks: orNull(count), bootId: orNull(text), token })
  return fc.oneof<fc.Arbitrary<DeployEvent>[]>(
    fc.record({
      ...{ ...head, type: type('run-started'), plan: text, version: text, environment: orNull(text) },
      ...{ tasks: fc.array(task, { maxLength: 5 }), capacityBytes: count, loadLineBytes: count },
    }),
    fc.record({ ...head, type: type('run-waiting'), reason, message: text }),
    fc.record({ ...head, type: type('task-waiting'), phase, task, reason, message: text }),
    fc.record({ ...head, type: type('task-started'), phase, task, reservedBytes: count, waitReasons }),
    fc.record({
      ...{ ...head, type: type('task-guarded'), phase, task, message: text },
      action: fc.constantFrom('suspended', 'resumed', 'requeued'),
    }),
    fc.record({
      ...{ ...attempt, type: type('attempt-opened'), token, log: text },
      kind: fc.constantFrom('run', 'exec', 'call', 'http', 'stop'),
    }),
    fc.record({ ...attempt, type: type('attempt-identified'), identity, service: fc.boolean() }),
    fc.record({ ...attempt, type: type('attempt-ended'), result: anyResult, nextInMs: orNull(count) }),
    fc.record({ ...head, type: type('task-ended'), phase, task, report: anyTaskReport }),
    fc.record({
      ...{ ...head, type: type('memory'), usedBytes: count, tasksBytes: count },
      ...{ reservedBytes: count, claimBytes: count, loadLineBytes: count, capacityBytes: count },
    }),
    fc.record({
      ...head,
      type: type('undo-started'),
      tasks: fc.array(task, { maxLength: 5 }),
      because: text,
    }),
    fc.record({
      ...{ ...head, type: type('warning') },
      error: fc.record({ code: fc.constant('HISTORY_UNWRITABLE' as const), message: text, fix: text }),
    }),
    fc.record({ ...head, type: type('stopping'), phase, how: fc.constantFrom('gently', 'at once') }),
  )
}
