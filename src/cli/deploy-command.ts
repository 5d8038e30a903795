import { systemClock } from '../clock.ts'
import { deploy } from '../deploy.ts'
import { PlimsollError } from '../errors.ts'
import { openView } from '../report/report.ts'
import type { Report, RunStatus } from '../spine.ts'
import { giveBackMemory } from './give-back.ts'
import { durationOf, forceOf, planOf } from './plan-argument.ts'
import { sayError } from './say-error.ts'
import { neverBlock } from './standard-output.ts'
import { stopSignals } from './stop-signals.ts'
import type { RunCommand } from './words.ts'

const exitCodes: Readonly<Record<RunStatus, number>> = {
  succeeded: 0,
  failed: 1,
  'rolled-back': 1,
  interrupted: 130,
}

export const deployCommand: RunCommand = async (call) => {
  if (call.flag('fail-fast') && call.flag('keep-going')) {
    throw new PlimsollError('USAGE', '--fail-fast and --keep-going exclude each other')
  }
  const plan = await planOf(call)
  const lockWait = call.text('wait-for-lock')
  const waitForLockMs = lockWait === undefined ? 0 : durationOf('--wait-for-lock', lockWait)
  giveBackMemory()
  const stateDir = call.text('state')
  const historyFile = call.text('history')
  using stop = stopSignals()
  using _free = neverBlock([process.stdout, process.stderr])
  let reported = false
  try {
    await using view = openView({
      stdout: process.stdout,
      stderr: process.stderr,
      variables: process.env,
      json: call.flag('json'),
      progress: plan.options.executor.enableProgress,
      clock: systemClock,
    })
    const report: Report = await deploy(plan, {
      ...(stateDir !== undefined && { stateDir }),
      ...(historyFile !== undefined && { historyFile }),
      onEvent: (message) => {
        reported ||= message.type === 'report'
        // What earlier runs tell of the tasks has been read by now.
        if (message.type === 'run-started') giveBackMemory()
        return view.show(message)
      },
      signal: stop.signal,
      killSignal: stop.killSignal,
      waitForLockMs,
      failFast: call.flag('fail-fast'),
      force: forceOf(call),
      undo: !call.flag('no-undo'),
      yes: call.flag('yes'),
    })
    if (stop.fault) throw stop.fault
    return exitCodes[report.status]
  } catch (error) {
    if (!reported) throw error
    // The report is the last line of standard output, and the error is in it.
    return sayError(error, { json: false, debug: call.flag('debug') })
  }
}
