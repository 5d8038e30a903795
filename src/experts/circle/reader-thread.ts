/** The thread that reads the answers of the models: entry of the worker, see `model-reader.ts`. */
import { parentPort, workerData } from 'node:worker_threads'
import { collectGarbage, heapBytes } from '../../memory/memory.ts'
import { createRedactor } from '../../redact/redact.ts'
import { failureFacts } from './failure.ts'
import { streamModel } from './model-stream.ts'
import { openModel } from './open-model.ts'
import { Outbox } from './outbox.ts'
import type { ModelCall, ModelEnd, ReaderAnswer, ReaderData, ReaderRequest, Seen } from './reader-words.ts'
import { Wire } from './wire.ts'

const port = parentPort
if (port === null) throw new Error('reader-thread.ts is the entry of a worker')
const redactor = createRedactor((workerData as ReaderData).secrets)

/** Of each call. What a model says at once is seldom longer. */
const scratchBytes = 16 * 1024

/** In bytes; a usual answer leaves less. */
const mostGarbage = 16 * 1024 ** 2

type Call = { readonly outbox: Outbox; readonly control: AbortController }

/** As many as the memory budget has room for. */
const calls = new Map<number, Call>()

port.on('message', (request: ReaderRequest) => {
  if (request.type === 'ask') return void answer(request.id, request.call)
  const call = calls.get(request.id)
  if (request.type === 'more') call?.outbox.take(request.buffer)
  else call?.control.abort()
})

port.postMessage('ready')

const tell = (message: ReaderAnswer, buffers: ArrayBuffer[] = []): void => port.postMessage(message, buffers)

async function answer(id: number, asked: ModelCall): Promise<void> {
  const wire = new Wire(asked.source.name)
  const outbox = new Outbox((bytes) =>
    tell({ type: 'text', id, bytes, heldBytes: wire.heldBytes }, [bytes.buffer]),
  )
  const control = new AbortController()
  calls.set(id, { outbox, control })
  const end = await read(asked, { wire, outbox, signal: control.signal })
  calls.delete(id)
  tell({ type: 'ended', id, end })
}

/** After the last collection. */
let tidyBytes = heapBytes()

/** V8 alone lets tens of megabytes gather: an answer whose reader is slow lives long enough to count as old. 10 ms. */
function tidy(): void {
  if (heapBytes() - tidyBytes < mostGarbage) return
  collectGarbage()
  tidyBytes = heapBytes()
}

const encoder = new TextEncoder()

/** In UTF-8, in memory that is used again for the next part. */
function* inBytes(text: string, scratch: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < text.length; ) {
    const { read, written } = encoder.encodeInto(at === 0 ? text : text.slice(at), scratch)
    yield scratch.subarray(0, written)
    at += read
  }
}

type Way = { readonly wire: Wire; readonly outbox: Outbox; readonly signal: AbortSignal }

async function read({ source, key, prompt }: ModelCall, { wire, outbox, signal }: Way): Promise<ModelEnd> {
  const { maxOutputTokens, protocol } = source
  const masked = redactor.keptStream()
  const scratch = new Uint8Array(scratchBytes)
  let characters = 0
  let finish: ModelEnd['finish'] = null
  let failure: ModelEnd['failure'] = null
  try {
    const model = await openModel({ source, key, fetch: wire.fetch })
    const knowsSchemas = protocol !== 'compatible'
    for await (const part of streamModel(model, { prompt, maxOutputTokens, knowsSchemas, signal })) {
      if ('finish' in part) finish = part.finish
      else if ('unseen' in part) characters += part.unseen
      else {
        characters += part.text.length
        tidy()
        for (const bytes of inBytes(part.text, scratch)) await outbox.write(await masked.push(bytes), signal)
      }
    }
  } catch (error) {
    failure = failureFacts(wire.problem ?? error)
  }
  try {
    // What was held back belongs to what came, also of an answer that broke off.
    await outbox.write(await masked.end(), signal)
    await outbox.end(signal)
  } catch (error) {
    failure ??= failureFacts(error)
  }
  const seen: Seen = { characters, isStreaming: wire.isStreaming, heldBytes: wire.peakBytes }
  return { ...seen, finish, failure }
}
