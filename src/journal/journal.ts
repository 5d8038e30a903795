/**
 * The journal: what happened in every run, kept in the store. What `openRun`, `record` and `closeRun` were given is
 * on disk when they resolve, so an engine that is killed at any moment finds all of it. It does not decide what
 * happens, does not know which processes are alive (a run whose engine died still says `running`), masks nothing
 * (the sender has), and never removes anything. One event keeps at most 1 MiB of JSON; longer texts in it are cut.
 */
import type { DeployEvent } from '../spine.ts'
import type { Store } from '../store/store.ts'
import { doneStatement, readDone } from './done-rows.ts'
import { statementsOf } from './event-rows.ts'
import { memoryStatements, readMemory } from './memory-rows.ts'
import { readGreenLogs, readPastTasks } from './past-tasks.ts'
import { peakStatements, readPeaks } from './peaks.ts'
import { closingOf, findRun, listRuns, openingOf } from './run-rows.ts'
import { readAttempts, readServices, readTasks } from './task-rows.ts'
import type { Journal } from './words.ts'

export { newRunId } from './run-id.ts'
export type {
  AttemptRecord,
  DoneTask,
  Journal,
  MemoryChange,
  OpenedRun,
  PastTask,
  RunRecord,
  RunSummary,
  ServiceRecord,
  TaskPeak,
  TaskRecord,
} from './words.ts'

/** The store stays the caller's to close. */
export function openJournal(store: Store): Journal {
  return {
    openRun: (run) => store.write([openingOf(run)]),
    record: async (event) => {
      const statements = statementsOf(event)
      if (statements.length > 0) await store.write(statements)
    },
    closeRun: (report) => store.write([closingOf(report)]),
    keepMemory: (runId, change) => store.write(memoryStatements(runId, change)),
    runs: (options) => listRuns(store, options),
    run: (idOrPrefix) => findRun(store, idOrPrefix),
    attempts: (runId) => readAttempts(store, runId),
    tasks: (runId) => readTasks(store, runId),
    memory: (runId) => readMemory(store, runId),
    events: (runId) => readEvents(store, runId),
    services: () => readServices(store),
    pastTasks: (plan) => readPastTasks(store, plan),
    done: (plan, environment, task) => readDone(store, [plan, environment, task]),
    keepDone: (done) => store.write([doneStatement(done)]),
    greenLogs: (plan, task, limit) => readGreenLogs(store, { plan, task, limit }),
    peaks: () => readPeaks(store),
    addPeaks: (peaks) => store.write(peakStatements(peaks)),
  }
}

async function* readEvents(store: Store, runId: string): AsyncIterable<DeployEvent> {
  const rows = store.stream<{ body: string }>(
    'select seq, body from events where run_id = ?1 and seq > ?2 order by seq',
    [runId, 0],
  )
  for await (const { body } of rows) yield JSON.parse(body) as DeployEvent
}
