import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { messageOf, PlimsollError } from '../errors.ts'
import { ownModule } from '../own-files.ts'
import { errorOf, type Fault, faultOf } from './faults.ts'
import type { Hand, HandEvents } from './hand.ts'
import { Patience } from './patience.ts'
import type { PoolRules } from './rules.ts'
import {
  type Answer,
  answeredFault,
  answeredSkipped,
  type FromThread,
  mostAhead,
  slotReady,
  slotTakenBack,
  type ThreadData,
} from './thread-words.ts'
import type { Ticket } from './ticket.ts'

const entry = ownModule('pool/thread-entry')

/** A worker thread, and the jobs that were sent to it: a ring of slots, answered in order. */
export class ThreadHand implements Hand {
  readonly #rules: PoolRules
  readonly #events: HandEvents
  readonly #worker: Worker
  /** A channel of our own: a module may have its own use for the parent port. */
  readonly #port: MessagePort
  readonly #slots = new Int32Array(new SharedArrayBuffer(4 * mostAhead))
  readonly #sent: (Ticket | undefined)[] = Array(mostAhead).fill(undefined)
  readonly #patience: Patience
  readonly #gone = Promise.withResolvers<void>()
  #first = 0
  #count = 0
  #load = 0
  #jobs = 0
  #isTired = false
  #error: { readonly thrown: unknown } | undefined
  #printing: Promise<void> = Promise.resolve()

  constructor(rules: PoolRules, events: HandEvents) {
    this.#rules = rules
    this.#events = events
    this.#patience = new Patience(rules, () => void this.#worker.terminate())
    const { port1: ours, port2: theirs } = new MessageChannel()
    const data: ThreadData = { port: theirs, slots: this.#slots }
    this.#worker = new Worker(entry, {
      workerData: data,
      transferList: [theirs],
      env: { ...rules.environment },
      execArgv: [],
      stdout: true,
      stderr: true,
    })
    this.#port = ours
    ours.on('message', (message: FromThread) => this.#hear(message))
    ours.on('messageerror', (error) => this.#takeUnreadable(error))
    this.#worker.on('error', (thrown: unknown) => {
      this.#error ??= { thrown }
    })
    this.#worker.once('exit', (exitCode) => this.#onExit(exitCode))
    this.#rest()
  }

  get load(): number {
    return this.#load
  }

  get room(): number {
    return mostAhead - this.#count
  }

  get isTired(): boolean {
    return this.#isTired
  }

  get isTaken(): boolean {
    return this.#load > 0 && (this.#sent[this.#first]?.isAlone ?? false)
  }

  give(tickets: readonly Ticket[]): void {
    this.#worker.ref()
    this.#port.ref()
    for (const ticket of tickets) this.#add(ticket)
    try {
      this.#post(tickets)
    } catch {
      this.#postEach(tickets)
    }
  }

  takeBack(): Ticket | undefined {
    if (this.#load < 2) return undefined
    for (let index = this.#count - 1; index > 0; index -= 1) {
      const ticket = this.#sent[(this.#first + index) % mostAhead]
      if (ticket === undefined) continue
      return this.#tryTakeBack(ticket) ? ticket : undefined
    }
    return undefined
  }

  stop(ticket: Ticket): void {
    if (this.#tryTakeBack(ticket)) {
      ticket.fail(undefined)
      return
    }
    this.#isTired = true
    this.#port.postMessage('stop')
    this.#patience.begin(ticket.options.killSignal)
  }

  stopAll(error: unknown): void {
    for (const ticket of this.#sent) ticket?.stop(error)
  }

  async end(): Promise<void> {
    void this.#worker.terminate()
    await this.#gone.promise
  }

  #add(ticket: Ticket): void {
    const slot = (this.#first + this.#count) % mostAhead
    Atomics.store(this.#slots, slot, slotReady)
    this.#sent[slot] = ticket
    ticket.slot = slot
    ticket.hand = this
    this.#count += 1
    this.#load += 1
    ticket.options.onStart?.(null)
  }

  #post(tickets: readonly Ticket[]): void {
    const message: unknown[] = []
    const moved: ArrayBuffer[] = []
    for (const { slot, job, options } of tickets) {
      message.push(slot, job.module, job.exportName, job.argument)
      message.push(options.environment ?? null, options.onOutput !== undefined)
      if (options.transfer) moved.push(...options.transfer)
    }
    this.#port.postMessage(message, moved)
  }

  /** One of them cannot be copied, and the others do not suffer from it. */
  #postEach(tickets: readonly Ticket[]): void {
    this.#count -= tickets.length
    this.#load -= tickets.length
    for (const ticket of tickets) this.#sent[ticket.slot] = undefined
    for (const ticket of tickets) {
      this.#add(ticket)
      try {
        this.#post([ticket])
      } catch (error) {
        this.#count -= 1
        this.#load -= 1
        this.#sent[ticket.slot] = undefined
        ticket.fail(errorOf(faultOf(error, 'CALL_UNCLONABLE')))
      }
    }
    if (this.#load === 0) this.#rest()
  }

  /** What has been taken back keeps its slot until the thread has come past it. */
  #tryTakeBack(ticket: Ticket): boolean {
    const { slot } = ticket
    if (Atomics.compareExchange(this.#slots, slot, slotReady, slotTakenBack) !== slotReady) return false
    this.#sent[slot] = undefined
    this.#load -= 1
    ticket.hand = undefined
    return true
  }

  #take([
    slot,
    how,
    what,
    cpuMs,
    durationMs,
    busyShare,
    heapGrowthBytes,
    heapBytes,
    leftRunning,
  ]: Answer): void {
    const ticket = this.#sent[slot]
    this.#sent[slot] = undefined
    this.#first = (slot + 1) % mostAhead
    this.#count -= 1
    if (how === answeredSkipped || ticket === undefined) return
    this.#jobs += 1
    const { recycleAboveBytes, recycleAfterJobs } = this.#rules
    if (leftRunning || heapBytes > recycleAboveBytes || this.#jobs >= recycleAfterJobs) this.#isTired = true
    this.#patience.end()
    this.#load -= 1
    const measured = { cpuMs, durationMs, busyShare, peakBytes: null, heapGrowthBytes }
    if (how === answeredFault) ticket.fail(errorOf(what as Fault), measured)
    else ticket.succeed(what, measured)
    if (this.#load === 0) this.#rest()
    this.#events.onAnswer(this, durationMs)
  }

  #takeUnreadable(error: unknown): void {
    const fault = faultOf(error, 'CALL_UNCLONABLE')
    this.#take([this.#first, answeredFault, fault, 0, 0, 0, 0, 0, true])
  }

  #hear(message: FromThread): void {
    if (message instanceof Uint8Array) this.#print(message)
    else this.#take(message)
  }

  /** One chunk after the other; the thread waits until who listens has taken them. */
  #print(chunk: Uint8Array): void {
    const ticket = this.#sent[this.#first]
    const print = async (): Promise<void> => {
      await ticket?.options.onOutput?.(chunk)
    }
    this.#printing = this.#printing
      .then(print)
      .catch((error: unknown) => ticket?.stop(error))
      .then(() => this.#port.postMessage(chunk.length))
  }

  async #onExit(exitCode: number): Promise<void> {
    // The end may be told before the last answers.
    for (;;) {
      const message = receiveMessageOnPort(this.#port)
      if (message === undefined) break
      this.#hear(message.message as FromThread)
    }
    await this.#printing
    this.#port.close()
    this.#patience.end()
    const unbegun: Ticket[] = []
    for (let index = 0; index < this.#count; index += 1) {
      const ticket = this.#sent[(this.#first + index) % mostAhead]
      if (ticket === undefined) continue
      if (this.#tryTakeBack(ticket)) unbegun.push(ticket)
      else ticket.fail(this.#endedEarly(exitCode))
    }
    this.#load = 0
    this.#gone.resolve()
    this.#events.onGone(this, unbegun)
  }

  #endedEarly(exitCode: number): PlimsollError {
    const why = this.#error ? messageOf(this.#error.thrown) : `exit code ${exitCode}`
    const cause = this.#error && { cause: this.#error.thrown }
    return new PlimsollError('WORKER_ENDED', `its thread ended without an answer (${why})`, cause)
  }

  /** An idle thread does not keep the engine alive. */
  #rest(): void {
    this.#worker.unref()
    this.#port.unref()
  }
}
