/** A run that is to go on: as it is recorded, and as the file of its plan is now. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { PlimsollError } from '../errors.ts'
import { openJournal, type RunRecord } from '../journal/journal.ts'
import { readPlan, selectTasks, variablesChanged } from '../plan/plan.ts'
import type { Plan } from '../spine.ts'
import { namePlace, openStoreForReading, type StorePlace } from '../store/store.ts'
import { runChanged } from './choose-run.ts'
import { planDifferences } from './plan-differences.ts'

/** The same text with the same variables says the same; to read a plan of a thousand tasks takes longer than to hash it. */
async function isAsRecorded(plan: Plan, variables: NodeJS.ProcessEnv): Promise<boolean> {
  const { file, digest } = plan
  if (variablesChanged(plan, variables).length > 0) return false
  const text = await readFile(file).catch(() => null)
  return text !== null && createHash('sha256').update(text).digest('hex') === digest
}

/** @throws RUN_UNKNOWN, also where nothing is recorded; then nothing is made. */
export async function recordedRun(idOrPrefix: string, place: StorePlace): Promise<RunRecord> {
  await using store = await openStoreForReading(place)
  if (store) return await openJournal(store).run(idOrPrefix)
  throw new PlimsollError('RUN_UNKNOWN', `nothing has been recorded in ${namePlace(place)}`, {
    fix: 'Name the directory of the record with --state DIR or its database with --database URL, or deploy first',
  })
}

type Reading = { readonly recordOptions: string; readonly variables: NodeJS.ProcessEnv }

/**
 * The plan's file is read with the environment, the version, the variables and the limits that the run was given, and with
 * the variables of the process as they are now, and
 * must still say what was recorded of its tasks; how they are done (limits, timeouts, retries) is as it says now. A file
 * that is not there any more says nothing: then the plan is as it was recorded, the same object.
 * @throws RUN_CHANGED with what differs; PLAN_INVALID when what it says now is no plan.
 */
export async function planToResume(run: RunRecord, { recordOptions, variables }: Reading): Promise<Plan> {
  const { definition } = run
  if (await isAsRecorded(definition, variables)) return definition
  const now = await readPlan(definition.file, {
    version: definition.version,
    vars: definition.vars,
    ...definition.given,
    ...(definition.environment !== null && { environment: definition.environment }),
    variables,
  }).catch((error: unknown) => {
    if (error instanceof PlimsollError && error.code === 'PLAN_UNREADABLE') return null
    throw error
  })
  if (now === null) return definition
  const names = new Set(now.tasks.map(({ name }) => name))
  const recorded = definition.tasks.map(({ name }) => name).filter((name) => names.has(name))
  const selected = selectTasks(now, recorded)
  const { words } = planDifferences(definition, selected)
  if (words.length > 0) throw runChanged(run, words, recordOptions)
  // A run is found, and locked, by the name that it began with.
  return { ...selected, name: definition.name }
}
