/** Runs in a worker thread of the engine; answers with one message through a channel of its own. */
import { type MessagePort, workerData } from 'node:worker_threads'
import { type CallRequest, callExport } from './call-export.ts'

const { request, port } = workerData as { readonly request: CallRequest; readonly port: MessagePort }
const stop = new AbortController()
port.once('message', () => stop.abort(new Error('the task is to stop')))
port.unref()
const end = await callExport(request, {
  signal: stop.signal,
  log: (line) => console.log(line),
  env: process.env as Record<string, string>,
})
port.postMessage(end)
