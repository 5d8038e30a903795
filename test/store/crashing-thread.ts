/** A writer thread that opens well and dies of its first batch, as a real one would of a defect. */
import { parentPort } from 'node:worker_threads'

parentPort?.on('message', () => {
  throw new Error('the thread met a defect')
})
parentPort?.postMessage({ type: 'open' })
