import { messageOf, PlimsollError } from '../errors.ts'
import type { Hand, HandEvents } from './hand.ts'
import type { PoolRules } from './rules.ts'
import { Ticket } from './ticket.ts'
import { type Place, WaitingLine } from './waiting-line.ts'
import type { Job, JobResult, RunOptions } from './words.ts'

export type CrewOptions = {
  readonly rules: PoolRules
  readonly maxWorkers: number
  /** The most jobs that one worker may have, the running one included. */
  readonly mostAhead: number
  readonly hire: (events: HandEvents) => Hand
}

/** Work that may be sent to a worker ahead of its turn, in milliseconds: less than it takes to wake it. */
const aheadMs = 1

/** Workers of one kind: never more than allowed, and the line of jobs that wait for them. */
export class Crew implements AsyncDisposable {
  readonly #options: CrewOptions
  readonly #line = new WaitingLine()
  /** When each was last given something to do. */
  readonly #hands = new Map<Hand, number>()
  /** They get no more jobs; until they are gone they count. */
  readonly #leaving = new Set<Hand>()
  readonly #events: HandEvents
  #places = 0
  #isDue = false
  #isClosed = false
  /** What a job takes, on average of the last few. */
  #paceMs = Number.POSITIVE_INFINITY
  #reaper: Disposable | undefined
  readonly #allGone = Promise.withResolvers<void>()

  constructor(options: CrewOptions) {
    this.#options = options
    this.#events = {
      onAnswer: (hand, durationMs) => this.#onAnswer(hand, durationMs),
      onGone: (hand, unbegun) => this.#onGone(hand, unbegun),
    }
  }

  run(job: Job, options: RunOptions): Promise<JobResult> {
    if (this.#isClosed) return Promise.reject(closed())
    if (options.signal?.aborted) return Promise.reject(options.signal.reason)
    const ticket = new Ticket(job, options, this.#onStop)
    this.#line.push(ticket)
    this.#serveSoon()
    return ticket.result
  }

  /** Waits in the same line for a place among the workers, to be given back. */
  async takePlace(signal: AbortSignal | undefined): Promise<Disposable> {
    if (this.#isClosed) throw closed()
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const place = { isOver: false, take: resolve, fail: reject }
    const leave = (): void => {
      place.isOver = true
      this.#line.forgetOne()
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', leave, { once: true })
    this.#line.push(place)
    this.#serveSoon()
    await promise.finally(() => signal?.removeEventListener('abort', leave))
    let isHeld = true
    return {
      [Symbol.dispose]: () => {
        if (isHeld) this.#places -= 1
        isHeld = false
        this.#serveSoon()
      },
    }
  }

  /** Nothing of it is alive afterwards. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    for (const hand of [...this.#hands.keys()]) this.#retire(hand)
    for (const hand of this.#leaving) hand.stopAll(closed())
    for (const waiting of this.#line.drain()) waiting.fail(closed())
    this.#tellGone()
    await this.#allGone.promise
  }

  get #size(): number {
    return this.#hands.size + this.#leaving.size + this.#places
  }

  /** Once for all jobs that come in one go. */
  #serveSoon(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      this.#serve()
    })
  }

  #serve(): void {
    for (let next = this.#line.peek(); next !== undefined; next = this.#line.peek()) {
      const isServed = next instanceof Ticket ? this.#serveJobs(next) : this.#servePlace(next)
      if (!isServed) return
    }
    this.#share()
  }

  #serveJobs(first: Ticket): boolean {
    const hand = this.#freest(first)
    if (hand === undefined) return first.isOver
    const most = this.#mostAhead - hand.load
    const fair = Math.ceil(this.#line.length / Math.max(1, this.#hands.size))
    const tickets = [first]
    this.#line.shift()
    while (!first.isAlone && tickets.length < Math.min(most, fair, hand.room)) {
      const next = this.#line.peek()
      if (!(next instanceof Ticket) || next.isAlone) break
      this.#line.shift()
      tickets.push(next)
    }
    hand.give(tickets)
    return true
  }

  #servePlace(place: Place): boolean {
    if (this.#size < this.#options.maxWorkers) {
      this.#line.shift()
      this.#places += 1
      place.take()
      return true
    }
    const idle = this.#idleHand()
    if (idle) this.#retire(idle)
    return false
  }

  /** Free, else new, else one that will be free soon. */
  #freest(ticket: Ticket): Hand | undefined {
    const idle = this.#idleHand()
    if (idle) return idle
    if (this.#size < this.#options.maxWorkers) return this.#hire(ticket)
    if (ticket.isAlone) return undefined
    const most = this.#mostAhead / 2
    let freest: Hand | undefined
    for (const hand of this.#hands.keys()) {
      if (hand.load > most || hand.load >= (freest?.load ?? Number.POSITIVE_INFINITY)) continue
      if (!hand.isTaken && hand.room > 0) freest = hand
    }
    return freest
  }

  get #mostAhead(): number {
    const fitting = Math.floor(aheadMs / Math.max(this.#paceMs, 1e-3))
    return Math.max(1, Math.min(this.#options.mostAhead, fitting))
  }

  #idleHand(): Hand | undefined {
    for (const hand of this.#hands.keys()) if (hand.load === 0 && hand.room > 0) return hand
    return undefined
  }

  /** Where there is no more room for a worker, it is the job that fails. */
  #hire(ticket: Ticket): Hand | undefined {
    const { rules, hire } = this.#options
    try {
      const hand = hire(this.#events)
      this.#hands.set(hand, rules.clock.monotonic())
      this.#reaper ??= rules.clock.every(Math.max(1, rules.idleMs / 2), () => this.#endIdle())
      return hand
    } catch (cause) {
      const message = `its worker could not be started: ${messageOf(cause)}`
      ticket.fail(new PlimsollError('TASK_NOT_STARTED', message, { cause }))
      return undefined
    }
  }

  /** Nothing waits: who has several jobs gives to who has none. */
  #share(): void {
    const idle = this.#idleHand()
    if (!idle) return
    for (const hand of this.#hands.keys()) {
      if (hand.load < 2) continue
      const ticket = hand.takeBack()
      if (ticket === undefined) continue
      idle.give([ticket])
      return
    }
  }

  #onAnswer(hand: Hand, durationMs: number): void {
    this.#paceMs = Number.isFinite(this.#paceMs) ? this.#paceMs + (durationMs - this.#paceMs) / 8 : durationMs
    if (hand.load === 0) this.#rest(hand)
    if (hand.isTired && this.#hands.has(hand)) this.#retire(hand)
    this.#serve()
  }

  /** It has nothing to do now. */
  #rest(hand: Hand): void {
    if (this.#leaving.has(hand)) void hand.end()
    else if (this.#hands.has(hand)) this.#hands.set(hand, this.#options.rules.clock.monotonic())
  }

  #onGone(hand: Hand, unbegun: readonly Ticket[]): void {
    this.#hands.delete(hand)
    this.#leaving.delete(hand)
    for (const ticket of unbegun.toReversed()) {
      if (this.#isClosed) ticket.fail(closed())
      else this.#line.putBack(ticket)
    }
    if (this.#hands.size === 0) {
      this.#reaper?.[Symbol.dispose]()
      this.#reaper = undefined
    }
    this.#serve()
    this.#tellGone()
  }

  /** What it has not begun goes back into the line. */
  #retire(hand: Hand): void {
    this.#hands.delete(hand)
    this.#leaving.add(hand)
    for (let back = hand.takeBack(); back !== undefined; back = hand.takeBack()) this.#line.putBack(back)
    if (hand.load === 0) void hand.end()
  }

  #endIdle(): void {
    const { clock, idleMs } = this.#options.rules
    const latestMs = clock.monotonic() - idleMs
    for (const [hand, sinceMs] of this.#hands) if (hand.load === 0 && sinceMs <= latestMs) this.#retire(hand)
  }

  #tellGone(): void {
    if (this.#isClosed && this.#hands.size + this.#leaving.size === 0) this.#allGone.resolve()
  }

  readonly #onStop = (ticket: Ticket): void => {
    const { hand } = ticket
    if (hand) {
      hand.stop(ticket)
      if (hand.load === 0) this.#rest(hand)
      this.#serveSoon()
      return
    }
    ticket.fail(undefined)
    this.#line.forgetOne()
  }
}

function closed(): PlimsollError {
  return new PlimsollError('POOL_CLOSED', 'the pool was closed')
}
