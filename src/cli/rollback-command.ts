import { hostname } from 'node:os'
import { type DeployOptions, deploy, rollback } from '../deploy.ts'
import { PlimsollError } from '../errors.ts'
import type { RunRecord } from '../journal/journal.ts'
import { giveBackMemory } from '../memory/memory.ts'
import { countOf, plainLine } from '../report/report.ts'
import { planNotes, previewRollback, type RollbackPreview } from '../run/run.ts'
import type { Plan } from '../spine.ts'
import { carryOut } from './carry-out.ts'
import { runOfVersion, runToUndo } from './choose-recorded.ts'
import { waitOf } from './plan-argument.ts'
import { typedCommand } from './typed.ts'
import { stateDirOf, withJournal } from './with-journal.ts'
import type { Call, RunCommand } from './words.ts'

/** Tasks in a list for people. */
const mostTasks = 100

export const rollbackCommand: RunCommand = async (call) => {
  const version = call.text('to')
  if (version === undefined) return await undoRun(call)
  if (call.positionals.length === 0) return await returnTo(call, version)
  throw new PlimsollError('USAGE', 'a run and --to exclude each other: --to finds the run by its version')
}

async function undoRun(call: Call): Promise<number> {
  const { run, preview } = await withJournal(call, async (journal) => {
    const found = await runToUndo(journal, call)
    return { run: found, preview: await previewRollback(journal, found, hostname()) }
  })
  const isNothing = !preview.tasks.some(({ action }) => action === 'undo')
  if (call.flag('dry-run') || (isNothing && run.report !== null)) return say(call, run, preview)
  tellNotes(preview.notes)
  giveBackMemory()
  const options = optionsOf(call)
  return await carryOut(
    call,
    { plan: run.definition, stateDir: options.stateDir, wanted: 'rolled-back' },
    (watched) => rollback(run.runId, { ...options, ...watched }),
  )
}

/** The recorded plan of that version, as a run of its own. */
async function returnTo(call: Call, version: string): Promise<number> {
  const run = await withJournal(call, (journal) => runOfVersion(journal, call, version))
  const { definition, runId } = run
  const notes = await planNotes(definition)
  if (call.flag('dry-run')) {
    const tasks = definition.tasks.map(({ name }) => ({ task: name, action: 'run' as const, because: null }))
    return say(call, run, { tasks, notes })
  }
  process.stderr.write(`${plainLine(`running the plan of run ${runId} again (version ${version})`)}\n`)
  tellNotes(notes)
  giveBackMemory()
  const options = optionsOf(call)
  return await carryOut(call, { plan: definition, stateDir: options.stateDir }, (watched) =>
    deploy(notFilled(definition), { ...options, ...watched }),
  )
}

/** What fills it is recorded: the environment says nothing of it. */
function notFilled({ filledFrom: _, ...plan }: Plan): Plan {
  return plan
}

type Options = Pick<
  DeployOptions,
  'database' | 'historyFile' | 'yes' | 'waitForLockMs' | 'waitForApprovalMs' | 'command'
> & {
  readonly stateDir: string
}

function optionsOf(call: Call): Options {
  const database = call.text('database')
  const historyFile = call.text('history')
  return {
    stateDir: stateDirOf(call),
    ...(database !== undefined && { database }),
    ...(historyFile !== undefined && { historyFile }),
    yes: call.flag('yes'),
    waitForLockMs: waitOf(call, 'wait-for-lock'),
    waitForApprovalMs: waitOf(call, 'wait-for-approval'),
    command: typedCommand(process.argv.slice(2)),
  }
}

type Step = {
  readonly task: string
  readonly action: 'undo' | 'leave' | 'run'
  readonly because: string | null
}
type Shown = Pick<RollbackPreview, 'notes'> & { readonly tasks: readonly Step[] }

/** What would be done. */
function say(call: Call, run: RunRecord, { tasks, notes }: Shown): number {
  const { runId, plan, version, environment } = run
  if (call.flag('json')) {
    process.stdout.write(
      `${JSON.stringify({ type: 'rollback', runId, plan, version, environment, tasks, notes })}\n`,
    )
    return 0
  }
  const steps = tasks.filter(({ action }) => action !== 'leave')
  const what = steps[0]?.action === 'run' ? 'would run again' : 'would be undone'
  const heading = `${plan} ${version}${environment === null ? '' : ` to ${environment}`} (run ${runId})`
  const lines = [
    `${heading}: ${steps.length === 0 ? 'nothing is to be undone' : `${countOf(steps.length, 'task')} ${what}, in this order`}`,
    ...steps.slice(0, mostTasks).map(({ task }, index) => `  ${index + 1}  ${task}`),
    ...(steps.length > mostTasks ? [`  and ${steps.length - mostTasks} more`] : []),
    ...tasks
      .filter(({ action }) => action === 'leave')
      .slice(0, mostTasks)
      .map(({ task, because }) => `  -  ${task}: ${because}`),
    ...notes.map((note) => `note: ${note}`),
  ]
  process.stdout.write(`${lines.map(plainLine).join('\n')}\n`)
  return 0
}

function tellNotes(notes: readonly string[]): void {
  for (const note of notes) process.stderr.write(`${plainLine(`note: ${note}`)}\n`)
}
