/** The owner's side of the writer thread. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { messageOf, PlimsollError } from '../errors.ts'
import { ownModule } from '../own-files.ts'
import { threadOptions } from '../threads.ts'
import { type Calls, CommitQueue } from './commit-queue.ts'
import { storeError } from './sqlite-errors.ts'
import type { Durability, Statement } from './words.ts'
import type { Failure, WriterAnswer, WriterData, WriterRequest } from './writer-words.ts'

const writerThread = ownModule('store/sqlite-writer')

/** Starts the thread; it opens and migrates the file. Throws what made that impossible. */
export async function openWriter(file: string, thread: URL = writerThread): Promise<Writer> {
  const worker = new Worker(thread, {
    ...threadOptions('plimsoll-writer'),
    workerData: { file } satisfies WriterData,
    // What is written is garbage at once: it is collected early instead of filling 48 MB first.
    // And below 2 GB the old generation is collected when it has grown by half, not fourfold.
    resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 1_024 },
  })
  const [answer] = (await once(worker, 'message').catch((cause: unknown) => {
    throw new PlimsollError('STORE_FAILED', `the writer of ${file} did not start: ${messageOf(cause)}`, {
      cause,
    })
  })) as [WriterAnswer]
  if (answer.type === 'open') return new Writer(worker, file)
  await worker.terminate()
  if (answer.type === 'failed') throw storeError(file, answer.failure)
  if (answer.type === 'too-new') throw tooNew(file, answer)
  throw new PlimsollError('INTERNAL', `the writer of ${file} began with "${answer.type}"`)
}

export function tooNew(file: string, { found, known }: { found: number; known: number }): PlimsollError {
  const text = `${file} was written by a newer plimsoll: its form is number ${found}, the last known here is ${known}`
  return new PlimsollError('STATE_TOO_NEW', text)
}

export class Writer implements AsyncDisposable {
  readonly #worker: Worker
  readonly #file: string
  readonly #queue = new CommitQueue((calls, durability) => this.#commit(calls, durability))
  /** Settles the batch that the thread has. */
  #underWay: Pick<PromiseWithResolvers<readonly (Failure | null)[]>, 'resolve' | 'reject'> | null = null
  /** Settles the slice of room that the thread gives back. */
  #givingBack: PromiseWithResolvers<boolean> | null = null
  /** Settles the job that the thread has. */
  #job: PromiseWithResolvers<unknown> | null = null
  #jobs: Promise<unknown> = Promise.resolve()
  #failure: PlimsollError | null = null
  #closing: Promise<void> | null = null

  constructor(worker: Worker, file: string) {
    this.#worker = worker
    this.#file = file
    worker.on('message', (answer: WriterAnswer) => {
      if (answer.type === 'written') this.#underWay?.resolve(answer.failures)
      if (answer.type !== 'given-back' && answer.type !== 'done') return
      const asked = answer.type === 'done' ? this.#job : this.#givingBack
      if (answer.failure !== null) asked?.reject(storeError(this.#file, answer.failure))
      else if (answer.type === 'done') this.#job?.resolve(answer.answer)
      else this.#givingBack?.resolve(answer.hasMore)
    })
    worker.on('error', (error) => this.#fail(messageOf(error), error))
    worker.on('messageerror', (error) => this.#fail(messageOf(error), error))
    worker.on('exit', (code) => this.#fail(`it ended with exit code ${code}`))
    // An idle store keeps no process alive; a batch under way does.
    worker.unref()
  }

  async write(statements: readonly Statement[], durability?: Durability): Promise<void> {
    this.#refuseEnded()
    await this.#queue.write(statements, durability)
  }

  /** One slice at a time; whoever asks meanwhile gets its answer. */
  async giveBack(): Promise<boolean> {
    this.#refuseEnded()
    if (this.#givingBack !== null) return this.#givingBack.promise
    this.#givingBack = Promise.withResolvers<boolean>()
    this.#worker.ref()
    try {
      this.#tell({ type: 'give-back' })
      return await this.#givingBack.promise
    } finally {
      this.#givingBack = null
      this.#rest()
    }
  }

  /** One after the other. */
  async beside(module: URL): Promise<unknown> {
    this.#refuseEnded()
    const done = this.#jobs.then(() => this.#perform(module))
    this.#jobs = done.catch(() => undefined)
    return await done
  }

  async #perform(module: URL): Promise<unknown> {
    if (this.#failure !== null) throw this.#failure
    this.#job = Promise.withResolvers()
    this.#worker.ref()
    try {
      this.#tell({ type: 'job', module: module.href })
      return await this.#job.promise
    } finally {
      this.#job = null
      this.#rest()
    }
  }

  #rest(): void {
    if (this.#underWay === null && this.#givingBack === null && this.#job === null) this.#worker.unref()
  }

  #refuseEnded(): void {
    if (this.#failure !== null) throw this.#failure
    if (this.#closing !== null) throw new PlimsollError('STORE_FAILED', `${this.#file} is closed`)
  }

  async #commit(calls: Calls, durability: Durability): Promise<readonly (PlimsollError | null)[]> {
    if (this.#failure !== null) throw this.#failure
    const { promise, resolve, reject } = Promise.withResolvers<readonly (Failure | null)[]>()
    this.#underWay = { resolve, reject }
    this.#worker.ref()
    try {
      this.#tell({ type: 'batch', calls, durability })
      const failures = await promise
      return failures.map((failure) => (failure === null ? null : storeError(this.#file, failure)))
    } finally {
      this.#underWay = null
      this.#rest()
    }
  }

  #fail(reason: string, cause?: unknown): void {
    this.#failure ??= new PlimsollError('STORE_FAILED', `the writer of ${this.#file} failed: ${reason}`, {
      cause,
    })
    this.#underWay?.reject(this.#failure)
    this.#givingBack?.reject(this.#failure)
    this.#job?.reject(this.#failure)
  }

  #tell(request: WriterRequest): void {
    this.#worker.postMessage(request)
  }

  /** Waits for the writes that were accepted; the thread then closes the file, which empties the WAL into it. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await Promise.allSettled([this.#queue.idle(), this.#givingBack?.promise, this.#jobs])
    if (this.#failure !== null) return
    this.#worker.ref()
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve))
    this.#tell({ type: 'close' })
    await ended
  }
}
