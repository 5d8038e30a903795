/**
 * Deploys a plan whose task prints a log and fails; prints the milliseconds from the end of the task to the report.
 * Called with the plan, a state directory, and `src/index.ts` or `dist/index.js`.
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../measure.ts'

const [file = '', stateDir = '', product = ''] = process.argv.slice(2)
const { deploy, readPlan } = (await import(
  pathToFileURL(join(root, product)).href
)) as typeof import('../../src/index.ts')
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
