/** The owner's side of the compacting thread. It is started with the first question. */
import { once } from 'node:events'
import { type TransferListItem, Worker } from 'node:worker_threads'
import { messageOf, PlimsollError } from '../errors.ts'
import { ownModule } from '../own-files.ts'
import { threadOptions } from '../threads.ts'
import type { AnswerTo, CompactAnswer, CompactRequest, Packer } from './compact-words.ts'

const thread = ownModule('metrics/compact-thread')

export class CompactWorker implements Packer, AsyncDisposable {
  #worker: Worker | null = null

  async ask<Type extends CompactRequest['type']>(
    request: Extract<CompactRequest, { type: Type }>,
  ): Promise<AnswerTo<Type>> {
    this.#worker ??= start()
    const worker = this.#worker
    const over = new AbortController()
    worker.ref()
    try {
      const { signal } = over
      const answered = once(worker, 'message', { signal })
      // A thread that ends without an answer would leave us waiting.
      const ended = once(worker, 'exit', { signal }).then(() => {
        throw new Error('it ended')
      })
      ended.catch(() => undefined)
      worker.postMessage(request, buffersOf(request))
      const [answer] = (await Promise.race([answered, ended])) as [CompactAnswer]
      if (answer.type === 'failed') throw new Error(answer.message)
      return answer as AnswerTo<Type>
    } catch (cause) {
      this.#worker = null
      await worker.terminate()
      throw new PlimsollError('STORE_FAILED', `metrics could not be compacted: ${messageOf(cause)}`, {
        cause,
      })
    } finally {
      over.abort()
      worker.unref()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate()
  }
}

function start(): Worker {
  const worker = new Worker(thread, {
    ...threadOptions('plimsoll-metrics'),
    // What it packs is garbage soon. Below 2 GB the old generation is collected when it has grown by a third, not fourfold.
    resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 512 },
  })
  worker.unref()
  return worker
}

function buffersOf(request: CompactRequest): TransferListItem[] {
  if (request.type === 'sort') return []
  const all = request.type === 'take' ? request.chunks : request.blocks.map(({ data }) => data)
  return all.map(({ buffer }) => buffer).filter((buffer) => buffer instanceof ArrayBuffer)
}
