import { existsSync } from 'node:fs'
import { resume } from '../deploy.ts'
import { plainLine } from '../report/report.ts'
import type { Plan } from '../spine.ts'
import { answersOf } from './answers.ts'
import { carryOut } from './carry-out.ts'
import { waitOf } from './plan-argument.ts'
import { askAboutChange } from './question.ts'
import { typedCommand } from './typed.ts'
import { stateDirOf, withJournal } from './with-journal.ts'
import type { RunCommand } from './words.ts'

export const resumeCommand: RunCommand = async (call) => {
  const [run = 'last'] = call.positionals
  const historyFile = call.text('history')
  const database = call.text('database')
  const options = {
    stateDir: stateDirOf(call),
    ...(database !== undefined && { database }),
    ...(historyFile !== undefined && { historyFile }),
    answers: answersOf(call.texts('task')),
    yes: call.flag('yes'),
    waitForLockMs: waitOf(call, 'wait-for-lock'),
    waitForApprovalMs: waitOf(call, 'wait-for-approval'),
    command: typedCommand(process.argv.slice(2)),
  }
  const { definition } = await withJournal(call, (journal) => journal.run(run))
  if (!existsSync(definition.file)) tellGone(definition)
  const goOn = (recorded: boolean): Promise<number> =>
    carryOut(call, { plan: definition, stateDir: options.stateDir }, async (watched) => {
      let begun = false
      const onEvent: typeof watched.onEvent = (message) => {
        begun = true
        return watched.onEvent(message)
      }
      const report = await resume(run, { ...options, ...watched, onEvent, recorded })
      if (begun) return report
      process.stderr.write(`nothing to resume: run ${report.runId} has succeeded\n`)
      await watched.onEvent(report)
      return report
    })
  try {
    return await goOn(call.flag('recorded'))
  } catch (error) {
    const answer = await askAboutChange(error, call, ['recorded'])
    if (answer === null) throw error
    return await goOn(true)
  }
}

function tellGone({ file }: Plan): void {
  const text = `note: the plan ${file} is not there any more; what was recorded of it counts`
  process.stderr.write(`${plainLine(text)}\n`)
}
