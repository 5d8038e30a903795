/** Runs in a child process: `node call-process REQUEST`. Its output is the task's output. */
import { callExport, leaveAnswer, takeRequest } from './call-export.ts'

const requestFile = process.argv[2] ?? ''
const stop = new AbortController()
// An open channel keeps the process alive for a function that waits for nothing but its signal.
new MessageChannel().port1.ref()
process.once('SIGTERM', () => stop.abort(new Error('the task is to stop')))

const end = await callExport(await takeRequest(requestFile), {
  signal: stop.signal,
  log: (line) => console.log(line),
  env: process.env as Record<string, string>,
  transfer: () => undefined, // nothing moves between processes
})
if ('error' in end) console.error(end.error.message)
await leaveAnswer(requestFile, end)
process.exit('error' in end ? 1 : 0)
