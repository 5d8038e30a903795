import { systemClock } from '../clock.ts'
import type { DeployOptions } from '../deploy.ts'
import { errorTable } from '../errors.ts'
import { giveBackMemory } from '../memory/memory.ts'
import { openView, recordOptions } from '../report/report.ts'
import type { Plan, Report, RunStatus } from '../spine.ts'
import { askByKeys } from './ask-approval.ts'
import { hasPerson } from './confirm.ts'
import { openGitHubActions } from './github-actions.ts'
import { sayError } from './say-error.ts'
import { neverBlock } from './standard-output.ts'
import { stopSignals } from './stop-signals.ts'
import type { Call } from './words.ts'

const exitCodes: Readonly<Record<RunStatus, number>> = {
  succeeded: 0,
  failed: 1,
  'rolled-back': 1,
  interrupted: 130,
}

type Watched = Required<Pick<DeployOptions, 'onEvent' | 'signal' | 'killSignal'>> &
  Pick<DeployOptions, 'askApproval'>

type Carried = {
  readonly plan: Plan
  readonly stateDir: string
  readonly wanted?: RunStatus
}

/** Shows a run to whoever reads along, stops it on Ctrl-C, and says how it ended: 0 when that is what was wanted. */
export async function carryOut(
  call: Call,
  { plan, stateDir, wanted = 'succeeded' }: Carried,
  run: (watched: Watched) => Promise<Report>,
): Promise<number> {
  using stop = stopSignals()
  using _free = neverBlock([process.stdout, process.stderr])
  let told: Report | undefined
  using actions = openGitHubActions(process.env, logOf(call))
  try {
    await using view = openView({
      stdout: process.stdout,
      stderr: process.stderr,
      variables: process.env,
      json: call.flag('json'),
      progress: plan.options.executor.enableProgress,
      clock: systemClock,
      recordOptions: recordOptions({ stateDir, database: call.text('database'), variables: process.env }),
    })
    const askApproval = hasPerson(call)
      ? askByKeys({
          keyboard: process.stdin,
          say: (message, runId) =>
            void view.show({
              type: 'run-waiting',
              reason: 'approval',
              message,
              runId,
              atMs: systemClock.now(),
            }),
          interrupt: () => process.kill(process.pid, 'SIGINT'),
        })
      : undefined
    const report = await run({
      ...(askApproval && { askApproval }),
      onEvent: (message) => {
        if (message.type === 'report') told = message
        // What earlier runs tell of the tasks has been read by now.
        if (message.type === 'run-started' || message.type === 'run-resumed') giveBackMemory()
        return view.show(message)
      },
      signal: stop.signal,
      killSignal: stop.killSignal,
    })
    if (stop.fault) throw stop.fault
    if (report.status === wanted) return 0
    // Interrupted by no person, but for want of one.
    if (report.status === 'interrupted' && report.error) return errorTable[report.error.code].exitCode
    return exitCodes[report.status]
  } catch (error) {
    if (told === undefined) throw error
    // The report is the last line of standard output, and the error is in it.
    return sayError(error, { json: false, debug: call.flag('debug') })
  } finally {
    if (told !== undefined) await actions?.end(plan, told)
  }
}

/** Programs read JSON lines on standard output; what is for the log stands on the other stream then. */
export const logOf = (call: Call): NodeJS.WriteStream => (call.flag('json') ? process.stderr : process.stdout)
