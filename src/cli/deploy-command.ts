import { deploy } from '../deploy.ts'
import { PlimsollError } from '../errors.ts'
import { giveBackMemory } from '../memory/memory.ts'
import { stateDirOf } from '../run/run.ts'
import { answersOf } from './answers.ts'
import { carryOut, logOf } from './carry-out.ts'
import { annotateProblems } from './github-actions.ts'
import { forceOf, planOf, waitOf } from './plan-argument.ts'
import { askAboutChange } from './question.ts'
import { typedCommand } from './typed.ts'
import type { RunCommand } from './words.ts'

export const deployCommand: RunCommand = async (call) => {
  exclude(call.flag('fail-fast') && call.flag('keep-going'), '--fail-fast and --keep-going')
  exclude(call.flag('fresh') && call.flag('go-on'), '--fresh and --go-on')
  const plan = await planOf(call).catch((error: unknown) => {
    annotateProblems(error, process.env, logOf(call))
    throw error
  })
  giveBackMemory()
  const stateDir = call.text('state')
  const database = call.text('database')
  const historyFile = call.text('history')
  const options = {
    ...(stateDir !== undefined && { stateDir }),
    ...(database !== undefined && { database }),
    ...(historyFile !== undefined && { historyFile }),
    answers: answersOf(call.texts('task')),
    waitForLockMs: waitOf(call, 'wait-for-lock'),
    command: typedCommand(process.argv.slice(2)),
    failFast: call.flag('fail-fast'),
    force: forceOf(call),
    undo: !call.flag('no-undo'),
    yes: call.flag('yes'),
    waitForApprovalMs: waitOf(call, 'wait-for-approval'),
  }
  const run = (how: { readonly fresh: boolean; readonly goOn: boolean }): Promise<number> =>
    carryOut(call, { plan, stateDir: stateDirOf(plan, options) }, (watched) =>
      deploy(plan, { ...options, ...watched, ...how }),
    )
  try {
    return await run({ fresh: call.flag('fresh'), goOn: call.flag('go-on') })
  } catch (error) {
    const answer = await askAboutChange(error, call, ['go on', 'fresh'])
    if (answer === null) throw error
    return await run({ fresh: answer === 'fresh', goOn: answer === 'go on' })
  }
}

function exclude(isBoth: boolean, options: string): void {
  if (isBoth) throw new PlimsollError('USAGE', `${options} exclude each other`)
}
