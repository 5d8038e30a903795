/** Runs in a worker thread of the engine; answers with one message. */
import { parentPort, workerData } from 'node:worker_threads'
import { type CallRequest, callExport } from './call-export.ts'

const stop = new AbortController()
parentPort?.once('message', () => stop.abort(new Error('the task is to stop')))
const end = await callExport(workerData as CallRequest, {
  signal: stop.signal,
  log: (line) => console.log(line),
  env: process.env as Record<string, string>,
})
parentPort?.postMessage(end)
