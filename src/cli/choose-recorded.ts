import { PlimsollError } from '../errors.ts'
import type { Journal, RunRecord, RunSummary } from '../journal/journal.ts'
import type { Call } from './words.ts'

/** How many of the newest runs are looked at. */
const newestRuns = 1_000

/** The run that is meant: the one named, else the last of its plan and environment, which may not be a choice of several. */
export async function runToUndo(journal: Journal, call: Call): Promise<RunRecord> {
  const [named] = call.positionals
  if (named !== undefined) return refuseOther(await journal.run(named), call)
  const runs = await journal.runs({ limit: newestRuns })
  const newest = theOnly(runs.filter(isMeant(call)), call)
  return await journal.run(newest.runId)
}

/** Of a run that was named together with what it is of. @throws USAGE when it is of something else */
function refuseOther(run: RunRecord, call: Call): RunRecord {
  if (isMeant(call)(run)) return run
  const asked = (['plan', 'env'] as const).flatMap((option) => {
    const name = call.text(option)
    return name === undefined ? [] : [`--${option} ${name}`]
  })
  const { runId, environment } = run
  throw new PlimsollError(
    'USAGE',
    `run ${runId} is of plan ${run.plan} to ${environment ?? 'no environment'}, not what ${asked.join(' ')} says`,
    { fix: 'Look with "plimsoll runs" which run is meant; its plan and environment need not be said' },
  )
}

/** The newest run of this version that succeeded. @throws RUN_UNKNOWN with the versions there are. */
export async function runOfVersion(journal: Journal, call: Call, version: string): Promise<RunRecord> {
  const runs = (await journal.runs({ limit: newestRuns })).filter(isMeant(call))
  const succeeded = runs.filter(({ status }) => status === 'succeeded')
  const wanted = succeeded.filter((run) => run.version === version)
  if (wanted.length > 0) return await journal.run(theOnly(wanted, call).runId)
  const versions = [...new Set(succeeded.map((run) => run.version))].slice(0, 10)
  const known = versions.length > 0 ? `versions that did: ${versions.join(', ')}` : 'no version did'
  throw new PlimsollError(
    'RUN_UNKNOWN',
    `no run of version ${JSON.stringify(version)} has succeeded; ${known}`,
  )
}

function isMeant(call: Call): (run: RunSummary) => boolean {
  const [plan, environment] = [call.text('plan'), call.text('env')]
  return (run) =>
    (plan === undefined || run.plan === plan) &&
    (environment === undefined || run.environment === environment)
}

/** @throws USAGE when the runs are of several plans or environments: which one is meant is not guessed. */
function theOnly(runs: readonly RunSummary[], call: Call): RunSummary {
  const kinds = new Map(runs.map((run) => [JSON.stringify([run.plan, run.environment]), run]))
  const [newest] = runs
  if (newest === undefined)
    throw new PlimsollError('RUN_UNKNOWN', 'no run of this plan and environment is recorded')
  if (kinds.size === 1) return newest
  const list = [...kinds.values()]
    .slice(0, 10)
    .map(({ plan, environment }) => `${plan}${environment === null ? '' : ` to ${environment}`}`)
  throw new PlimsollError('USAGE', `runs of several plans or environments are recorded: ${list.join(', ')}`, {
    fix: `Say which is meant: plimsoll ${call.command.name} RUN, or --plan NAME and --env NAME`,
  })
}
