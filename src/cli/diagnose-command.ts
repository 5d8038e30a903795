import { messageOf, PlimsollError } from '../errors.ts'
import { diagnose, type Evidence, evidenceOf } from '../experts/experts.ts'
import { diagnosisLines, plainLine, styleFor } from '../report/report.ts'
import type { Diagnosis } from '../spine.ts'
import { consultInTerminal, consultOptions } from './ask-command.ts'
import { type OpenCircle, openCircle } from './circle.ts'
import { type Failure, failuresOf } from './failures.ts'
import { isLog, isPiped, noSuchLog, openLogs, standardInput } from './log-files.ts'
import { withJournal } from './with-journal.ts'
import type { Call, RunCommand } from './words.ts'

/** Of a log in the record, at the command line: nobody waits for a deployment. */
const mostBytes = 64 * 1024 ** 2

/** Failed tasks beyond these fail for the same reason, or are for `plimsoll show`. */
const mostTasks = 20

export const diagnoseCommand: RunCommand = async (call) => {
  // Also where the offline expert answers alone, which has no use for them.
  consultOptions(call)
  const names = call.positionals
  await using circle = await circleOf(call)
  if (names.length === 0 && isPiped()) return await explain(call, circle, { logs: [standardInput()] })
  if (names.length > 0 && names.every(isLog)) return await explain(call, circle, { logs: openLogs(names) })
  const missing = names.length > 1 ? names.find((name) => !isLog(name)) : undefined
  if (missing !== undefined) throw noSuchLog(missing)
  return await diagnoseRun(call, circle, names[0] ?? 'last')
}

/** Null: only the offline expert is asked. What is wrong with a plan that nobody named keeps nothing from being diagnosed. */
async function circleOf(call: Call): Promise<OpenCircle | null> {
  const isAsked = ['experts', 'config', 'env'].some((option) => call.text(option) !== undefined)
  if (call.text('experts') === 'offline') return null
  try {
    const circle = await openCircle(call)
    if (isAsked || circle.manager.names.length > 1) return circle
  } catch (error) {
    if (isAsked) throw error
    process.stderr.write(`only the offline expert is asked: ${plainLine(messageOf(error))}\n`)
  }
  return null
}

async function explain(
  call: Call,
  circle: OpenCircle | null,
  evidence: Evidence,
  failure: Failure | null = null,
): Promise<number> {
  if (circle === null) return await say(call, failure, await diagnose(evidence))
  if (failure !== null && !call.flag('json')) process.stdout.write(`${plainLine(failure.title)}\n`)
  const title =
    failure === null
      ? 'Why did this fail?'
      : `Why did the task ${JSON.stringify(failure.title.slice(0, 100))} fail?`
  const { error, exitCode } = evidence.facts ?? {}
  const context = {
    ...(error !== undefined && { 'what the engine saw': `${error.code}: ${error.message}` }),
    ...(exitCode != null && { 'exit code': String(exitCode) }),
  }
  const query = { type: 'diagnosis', title, text: 'Name the cause of the failure.', context } as const
  return await consultInTerminal(call, circle, query, { ...consultOptions(call), evidence })
}

async function diagnoseRun(call: Call, circle: OpenCircle | null, name: string): Promise<number> {
  try {
    return await withJournal(call, async (journal, stateDir) => {
      const run = await journal.run(name)
      const failures = failuresOf(run, await journal.tasks(run.runId))
      if (failures.length === 0 && !call.flag('json')) {
        process.stdout.write(`no task of run ${run.runId} has failed\n`)
      }
      let exitCode = 0
      for (const failure of failures.slice(0, mostTasks)) {
        const failed = { plan: run.plan, runId: run.runId, ...failure }
        const evidence = await evidenceOf(failed, { journal, stateDir, mostBytes })
        exitCode = Math.max(exitCode, await explain(call, circle, evidence, failure))
      }
      const rest = failures.length - mostTasks
      if (rest > 0) process.stderr.write(`${rest} more failed: plimsoll show ${run.runId}\n`)
      return exitCode
    })
  } catch (error) {
    const isUnknown = error instanceof PlimsollError && error.code === 'RUN_UNKNOWN'
    throw isUnknown && name !== 'last' ? noSuchLog(name, error) : error
  }
}

async function say(call: Call, failure: Failure | null, diagnosis: Diagnosis): Promise<number> {
  if (call.flag('json')) {
    const of = failure && { task: failure.task, ...(failure.phase !== 'deploy' && { phase: failure.phase }) }
    process.stdout.write(`${JSON.stringify({ type: 'diagnosis', ...of, ...diagnosis })}\n`)
    return 0
  }
  const style = styleFor(process.stdout, process.env)
  if (failure !== null) process.stdout.write(`${style.bold(plainLine(failure.title))}\n`)
  process.stdout.write(`${diagnosisLines(diagnosis, style).join('\n')}\n`)
  return 0
}
