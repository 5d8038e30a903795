/**
 * The models' answers are read, parsed and masked in a thread of their own. What the libraries leave behind of each piece
 * of an answer, several times its bytes, would make the engine's heap grow to what V8 allows it (134 MB for young objects
 * alone); the heap of the thread is small and stays so.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { messageOf, PlimsollError } from '../../errors.ts'
import { ownModule } from '../../own-files.ts'
import { threadOptions } from '../../threads.ts'
import type { ModelCall, ModelEnd, ReaderAnswer, ReaderData, ReaderRequest } from './reader-words.ts'

const readerThread = ownModule('experts/circle/reader-thread')
/** In MiB, for the libraries and what they leave behind, beside what the streams may hold. */
const ownMb = 64
const youngMb = 8

/** What the thread sees of the environment: the way through a proxy, where Node.js is told to use one. */
const proxyNames = ['NODE_USE_ENV_PROXY', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']

const proxyOf = (variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    proxyNames
      .flatMap((name) => [name, name.toLowerCase()])
      .flatMap((name) => (variables[name] === undefined ? [] : [[name, variables[name]]])),
  )

export type Listener = {
  /** Masked, of whole characters. What it is given is not its own any more when it resolves. */
  readonly onText: (bytes: Uint8Array, heldBytes: number) => Promise<void>
  readonly signal: AbortSignal
}

type Hear = { readonly answered: (answer: ReaderAnswer) => void; readonly lost: (reason: unknown) => void }

export class ModelReader implements AsyncDisposable {
  readonly #secrets: () => Promise<readonly string[]>
  readonly #budgetMb: number
  readonly #variables: NodeJS.ProcessEnv
  /** Calls that have not ended: as many as the memory budget has room for. */
  readonly #calls = new Map<number, Hear>()
  #worker: Promise<Worker> | null = null
  #lastId = 0

  constructor(
    secrets: () => Promise<readonly string[]>,
    { budgetMb, variables }: { readonly budgetMb: number; readonly variables: NodeJS.ProcessEnv },
  ) {
    this.#secrets = secrets
    this.#variables = variables
    this.#budgetMb = budgetMb
  }

  /** Starts the thread, which takes longer than a call: nobody's time should run meanwhile. @throws EXPERT_FAILED */
  async open(): Promise<void> {
    await this.#open()
  }

  /** Resolves when the connection is closed; an `onText` that fails closes it. @throws EXPERT_FAILED when the thread is lost */
  async read(call: ModelCall, { onText, signal }: Listener): Promise<ModelEnd> {
    const worker = await this.#open()
    this.#lastId += 1
    const id = this.#lastId
    const tell = (request: ReaderRequest, buffers: ArrayBuffer[] = []): void =>
      worker.postMessage(request, buffers)
    const stop = (): void => tell({ type: 'stop', id })
    const ended = Promise.withResolvers<ModelEnd>()
    let reading = Promise.resolve()
    const answered = (answer: ReaderAnswer): void => {
      if (answer.type === 'ended') {
        reading.finally(() => ended.resolve(answer.end)).catch(() => undefined)
        return
      }
      const { bytes, heldBytes } = answer
      reading = onText(bytes, heldBytes).then(() =>
        tell({ type: 'more', id, buffer: bytes.buffer }, [bytes.buffer]),
      )
      reading.catch(stop)
    }
    this.#calls.set(id, { answered, lost: ended.reject })
    worker.ref()
    signal.addEventListener('abort', stop, { once: true })
    try {
      tell({ type: 'ask', id, call })
      if (signal.aborted) stop()
      return await ended.promise
    } finally {
      signal.removeEventListener('abort', stop)
      this.#calls.delete(id)
      if (this.#calls.size === 0) worker.unref()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.then((worker) => worker.terminate()).catch(() => undefined)
  }

  #open(): Promise<Worker> {
    this.#worker ??= this.#start()
    return this.#worker
  }

  async #start(): Promise<Worker> {
    const options = threadOptions('plimsoll-experts')
    const worker = new Worker(readerThread, {
      ...options,
      env: { ...options.env, ...proxyOf(this.#variables) },
      workerData: { secrets: await this.#secrets() } satisfies ReaderData,
      resourceLimits: {
        maxOldGenerationSizeMb: ownMb + this.#budgetMb,
        maxYoungGenerationSizeMb: youngMb,
      },
    })
    const lost = (reason: unknown): PlimsollError =>
      new PlimsollError('EXPERT_FAILED', `the thread that reads the answers ended: ${messageOf(reason)}`, {
        cause: reason,
      })
    const lose = (reason: unknown): void => {
      this.#worker = null
      for (const call of this.#calls.values()) call.lost(lost(reason))
    }
    worker.on('error', lose)
    worker.on('messageerror', lose)
    worker.on('exit', (code) => lose(`exit code ${code}`))
    await once(worker, 'message').catch((cause: unknown) => {
      throw lost(cause)
    })
    worker.on('message', (answer: ReaderAnswer) => this.#calls.get(answer.id)?.answered(answer))
    worker.unref()
    return worker
  }
}
