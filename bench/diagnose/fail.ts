/** Deploys a plan whose task prints a log and fails; prints the milliseconds from the end of the task to the report. */
import { deploy } from '../../src/deploy.ts'
import { readPlan } from '../../src/plan/plan.ts'

const [file = '', stateDir = ''] = process.argv.slice(2)
let endedMs = 0
let reportedMs = 0
const report = await deploy(await readPlan(file), {
  stateDir,
  onEvent: ({ type }) => {
    if (type === 'task-ended') endedMs = performance.now()
    if (type === 'report') reportedMs = performance.now()
  },
})
const { cause, partial } = report.tasks.print?.diagnosis ?? {}
console.log(JSON.stringify({ ms: reportedMs - endedMs, cause, partial: partial !== undefined }))
