/** The thread that sorts and packs where no thread writes to the database: it has none itself. */
import { parentPort } from 'node:worker_threads'
import type { CompactAnswer, CompactRequest } from './compact-words.ts'
import { Packing } from './packing.ts'

const packing = new Packing()
const port = parentPort
port?.on('message', async (request: CompactRequest) => {
  const answer: CompactAnswer = await packing.ask(request).catch(
    (error: unknown): CompactAnswer => ({
      type: 'failed',
      message: error instanceof Error ? error.message : String(error),
    }),
  )
  port.postMessage(
    answer,
    answer.type === 'rewritten' ? answer.added.map(({ data }) => data.buffer as ArrayBuffer) : [],
  )
})
