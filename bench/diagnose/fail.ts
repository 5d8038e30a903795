/**
 * Deploys a plan whose task prints a log and fails; prints the milliseconds from the end of the task to the report, as
 * they come out of the packed command. Called with the plan and a state directory.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Report } from '../../src/index.ts'
import { root } from '../measure.ts'

const [plan = '', stateDir = ''] = process.argv.slice(2)
const words = ['deploy', plan, '--state', stateDir, '--json']
const child = spawn(process.execPath, [join(root, 'dist/cli/main.js'), ...words], {
  stdio: ['ignore', 'pipe', 'ignore'],
})
const toldMs = new Map<string, number>()
let report: Report | undefined
for await (const line of createInterface({ input: child.stdout })) {
  const told = JSON.parse(line) as { readonly type: string }
  toldMs.set(told.type, performance.now())
  if (told.type === 'report') report = told as unknown as Report
}
const ms = (toldMs.get('report') ?? Number.NaN) - (toldMs.get('task-ended') ?? Number.NaN)
const { cause, partial } = report?.tasks.print?.diagnosis ?? {}
console.log(JSON.stringify({ ms, cause, partial: partial !== undefined }))
