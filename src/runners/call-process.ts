/** Runs in a child process: `node call-process REQUEST`. Its output is the task's output. */
import { appendFile } from 'node:fs/promises'
import { callExport, leaveFailure, takeRequest } from './call-export.ts'

const requestFile = process.argv[2] ?? ''
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort(new Error('the task is to stop')))

const end = await callExport(await takeRequest(requestFile), {
  signal: stop.signal,
  log: (line) => console.log(line),
  env: process.env as Record<string, string>,
})
if ('error' in end) {
  console.error(end.error.message)
  await leaveFailure(requestFile, end.error)
  process.exit(1)
}
const lines = Object.entries(end.outputs).map(([key, value]) => `${key}=${value}\n`)
if (lines.length > 0) await appendFile(process.env.PLIMSOLL_OUTPUT ?? '', lines.join(''))
process.exit(0)
