/** Runs in a worker thread of the engine; answers with one message through a channel of its own. */
import { type MessagePort, workerData } from 'node:worker_threads'
import { type CallRequest, callExport } from './call-export.ts'

const { request, port } = workerData as { readonly request: CallRequest; readonly port: MessagePort }
const stop = new AbortController()
// Listening keeps the thread alive for a function that waits for nothing but its signal.
port.once('message', () => stop.abort(new Error('the task is to stop')))
const end = await callExport(request, {
  signal: stop.signal,
  log: (line) => console.log(line),
  env: process.env as Record<string, string>,
})
// The engine ends this thread when it has the answer: what was printed must have arrived before.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise((done) => stream.write('', done))
}
port.postMessage(end)
port.close()
