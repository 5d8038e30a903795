import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import type { ProcessFinder, TaskGroups } from '../../src/memory/memory.ts'
import type { PoolOptions } from '../../src/pool/pool.ts'
import { createRedactor } from '../../src/redact/redact.ts'
import {
  Instruments,
  runTask,
  type TaskEnd,
  type TaskEvent,
  type TaskRun,
} from '../../src/runners/runners.ts'
import type { Plan, ProcessIdentity, Task, Template, Work } from '../../src/spine.ts'

/** Real processes, real files; only the record is a list. */
export type Bench = AsyncDisposable & {
  readonly dir: string
  readonly events: TaskEvent[]
  readonly instruments: Instruments
  readonly finder: ProcessFinder
  readonly services: ProcessIdentity[]
  run(work: Work, more?: Partial<Task>, run?: Partial<TaskRun>): Promise<TaskEnd>
}

export const words = (...list: string[]): readonly Template[] => list.map((word) => [word])
export const exec = (...list: string[]): Work => ({ kind: 'exec', words: words(...list), detach: false })
export const shell = (script: string): Work => ({ kind: 'run', script, detach: false })

export const counters = ['group', 'session', 'bare', 'lost'] as const
type Counter = (typeof counters)[number]

/**
 * Counts in its own process group, in a session of its own, in one without its environment, and without both, until a
 * file `go` is there. Each leaves its process id.
 */
export const counting = (): string => {
  const count = (name: Counter): string =>
    `echo $$ >pid.${name}; i=0; while [ ! -e go ] && [ $i -lt 3000 ]; do i=$((i+1)); echo $i >count.${name}; sleep 0.02; done`
  return `setsid sh -c '${count('session')}' & env -i /bin/sh -c '${count('bare')}' &
    env -i setsid /bin/sh -c '${count('lost')}' & ${count('group')}`
}

const numberIn = (file: string): number => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0)

/** How far each has counted. */
export const countsIn = (dir: string): readonly number[] =>
  counters.map((counter) => numberIn(join(dir, `count.${counter}`)))

export const pidsIn = (dir: string): readonly number[] =>
  counters.map((counter) => numberIn(join(dir, `pid.${counter}`)))

type BenchOptions = {
  readonly makeGroups?: () => TaskGroups
  /** Default: one of its own, which is gone afterwards. */
  readonly dir?: string
  readonly workers?: PoolOptions
}

export async function openBench(
  secrets: Readonly<Record<string, string>> = {},
  options: BenchOptions = {},
): Promise<Bench> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'plimsoll-runners-')))
  const runDir = join(dir, 'runs', 'test')
  await mkdir(runDir, { recursive: true })
  const environment = { PATH: process.env.PATH ?? '' }
  const { makeGroups } = options
  const instruments = new Instruments(systemClock, {
    workers: { ...options.workers, environment, spoolDir: runDir },
    ...(makeGroups && { makeGroups }),
  })
  const events: TaskEvent[] = []
  const services: ProcessIdentity[] = []
  let files = 0
  const run: Bench['run'] = (work, more = {}, parts = {}) =>
    runTask(taskOf(work, dir, more), {
      runId: 'test',
      plan: {
        name: 'test',
        version: '1',
        environment: null,
        vars: { COLOUR: 'sea green' },
        options: {
          executor: { memoryLimitMb: 1_024 },
          retry: { maxAttempts: 3, memoryLimitMb: 100, cleanupBetweenRetries: true, maxPayloadSizeMb: 50 },
        },
      } as unknown as Plan,
      phase: 'deploy',
      here: { host: 'here', bootId: null },
      work,
      stateDir: dir,
      nextFileNumber: () => ++files,
      environment: { PATH: process.env.PATH ?? '' },
      values: { secrets, outputOf: () => undefined },
      masker: createRedactor(Object.values(secrets)),
      signal: new AbortController().signal,
      killSignal: new AbortController().signal,
      instruments,
      clock: systemClock,
      random: Math.random,
      emit: async (event) => void events.push(event),
      observe: () => undefined,
      reservedBytes: 0,
      waits: {},
      keepService: (identity) => void services.push(identity),
      service: services.at(-1),
      ...parts,
    })
  return {
    dir,
    events,
    instruments,
    finder: instruments.finder,
    services,
    run,
    [Symbol.asyncDispose]: async () => {
      await instruments[Symbol.asyncDispose]()
      await rm(dir, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}

function taskOf(work: Work, dir: string, more: Partial<Task>): Task {
  return {
    name: 'task',
    needs: [],
    work,
    undo: null,
    dir,
    env: {},
    secrets: [],
    when: null,
    limitBytes: 2 ** 30,
    expectBytes: null,
    timeoutMs: 300_000,
    retry: { maxAttempts: 1, strategy: 'fixed', minDelayMs: 0, maxDelayMs: 0 },
    ...more,
  }
}
