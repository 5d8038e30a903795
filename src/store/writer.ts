/** The owner's side of the writer thread: callers wait here, and those who wait together share one commit. */
import { once } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { messageOf, PlimsollError } from '../errors.ts'
import { storeError } from './sqlite-errors.ts'
import type { Statement } from './words.ts'
import type { WriterAnswer, WriterData, WriterRequest } from './writer-words.ts'

/** `.ts` in development, `.js` in the published package. */
const writerThread = new URL(`./sqlite-writer${extname(import.meta.url)}`, import.meta.url)

/** The thread's mailbox holds one batch of at most so many calls; further callers wait for the next. */
const callsPerCommit = 256

type Call = {
  readonly statements: readonly Statement[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Starts the thread; it opens and migrates the file. Throws what made that impossible. */
export async function openWriter(file: string, thread: URL = writerThread): Promise<Writer> {
  const worker = new Worker(thread, {
    name: 'plimsoll-writer',
    workerData: { file } satisfies WriterData,
    // No test runner's or loader's flags, and no copy of the environment, which may hold secrets.
    execArgv: [],
    env: {},
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
  /** One entry for each caller that awaits: as long as there are callers, never longer. */
  readonly #waiting: Call[] = []
  #underWay: readonly Call[] = []
  #failure: PlimsollError | null = null
  #closing: Promise<void> | null = null
  #idle: (() => void) | null = null

  constructor(worker: Worker, file: string) {
    this.#worker = worker
    this.#file = file
    worker.on('message', (answer: WriterAnswer) => this.#settle(answer))
    worker.on('error', (error) => this.#fail(messageOf(error), error))
    worker.on('messageerror', (error) => this.#fail(messageOf(error), error))
    worker.on('exit', (code) => this.#fail(`it ended with exit code ${code}`))
    // An idle store keeps no process alive; a batch under way does.
    worker.unref()
  }

  write(statements: readonly Statement[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure)
      if (this.#closing !== null) return reject(new PlimsollError('STORE_FAILED', `${this.#file} is closed`))
      this.#waiting.push({ statements, resolve, reject })
      // Not at once: whoever calls in the same turn joins the same commit.
      if (this.#waiting.length === 1 && this.#underWay.length === 0) queueMicrotask(() => this.#send())
    })
  }

  #send(): void {
    if (this.#underWay.length > 0 || this.#waiting.length === 0) return
    this.#underWay = this.#waiting.splice(0, callsPerCommit)
    this.#worker.ref()
    try {
      this.#tell({ type: 'batch', calls: this.#underWay.map((call) => call.statements) })
    } catch (cause) {
      // A parameter that cannot be copied to another thread: no Value, so a defect of the caller.
      for (const call of this.#finish())
        call.reject(new PlimsollError('INTERNAL', messageOf(cause), { cause }))
    }
  }

  #settle(answer: WriterAnswer): void {
    if (answer.type !== 'written') return
    for (const [index, call] of this.#finish().entries()) {
      const failure = answer.failures[index] ?? null
      if (failure === null) call.resolve()
      else call.reject(storeError(this.#file, failure))
    }
  }

  /** Makes the thread free for those who wait, and hands back the calls it had. */
  #finish(): readonly Call[] {
    const calls = this.#underWay
    this.#underWay = []
    this.#worker.unref()
    this.#send()
    if (this.#underWay.length === 0) this.#idle?.()
    return calls
  }

  #fail(reason: string, cause?: unknown): void {
    this.#failure ??= new PlimsollError('STORE_FAILED', `the writer of ${this.#file} failed: ${reason}`, {
      cause,
    })
    const calls = [...this.#underWay, ...this.#waiting.splice(0)]
    this.#underWay = []
    for (const call of calls) call.reject(this.#failure)
    this.#idle?.()
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
    if (this.#underWay.length > 0 || this.#waiting.length > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    }
    if (this.#failure !== null) return
    this.#worker.ref()
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve))
    this.#tell({ type: 'close' })
    await ended
  }
}
