import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { PlimsollError, systemCodeOf } from '../errors.ts'
import { endBeforeUs, forgetPeak, type TreeWatch, tokenVariable } from '../memory/memory.ts'
import { ownModule } from '../own-files.ts'
import type { Bracket } from '../spine.ts'
import { formatDuration, formatSize } from '../units.ts'
import { errorOf, type Fault, faultOf } from './faults.ts'
import type { Hand, HandEvents } from './hand.ts'
import { Patience } from './patience.ts'
import type { FromProcess, ToProcess } from './process-words.ts'
import type { PoolRules } from './rules.ts'
import { Spool } from './spool.ts'
import type { Ticket } from './ticket.ts'
import type { Measured } from './words.ts'

const entry = fileURLToPath(ownModule('pool/process-entry'))
/** How often output is carried on, in milliseconds. */
const copyEveryMs = 200
/** An idle process that was told to end has this long for what its modules do at the end, in milliseconds. */
const leaveMs = 1_000

type Answer = Exclude<FromProcess, { how: 'dying' }>
type Running = {
  readonly ticket: Ticket
  readonly startMs: number
  readonly watch: TreeWatch
  readonly copying: Disposable
}

/** A worker process of its own session, with at most one job. */
export class ProcessHand implements Hand {
  readonly #rules: PoolRules
  readonly #events: HandEvents
  readonly #child: ChildProcess
  readonly #spool: Spool
  readonly #patience: Patience
  readonly #gone = Promise.withResolvers<void>()
  readonly #left = new AbortController()
  #running: Running | undefined
  /** It was given to a process that could not be started. */
  #unstarted: Ticket | undefined
  #settling: Promise<void> | undefined
  #jobs = 0
  #isTired = false
  #dying: Fault | undefined
  #hasAnswered = false
  #exceeded: PlimsollError | undefined

  constructor(rules: PoolRules, events: HandEvents, spoolFile: string) {
    this.#rules = rules
    this.#events = events
    this.#patience = new Patience(rules, () => this.kill())
    this.#spool = new Spool(spoolFile)
    this.#child = start(rules, this.#spool)
    this.#child.on('message', (message: FromProcess) => this.#hear(message))
    this.#child.once('error', (cause) => void this.#onNotStarted(cause))
    this.#child.once('exit', (code, signal) => void this.#onExit(signal ?? `exit code ${code}`))
    this.#rest()
  }

  get load(): number {
    return this.#running || this.#unstarted ? 1 : 0
  }

  get room(): number {
    return this.#running || this.#isTired ? 0 : 1
  }

  get isTired(): boolean {
    return this.#isTired
  }

  get isTaken(): boolean {
    return this.#running !== undefined
  }

  give([ticket]: readonly Ticket[]): void {
    const { pid } = this.#child
    if (ticket === undefined) return
    ticket.hand = this
    if (pid === undefined) this.#unstarted = ticket
    else this.#begin(ticket, pid)
  }

  takeBack(): undefined {
    return undefined
  }

  stop(ticket: Ticket): void {
    this.#isTired = true
    this.#send('stop')
    this.#patience.begin(ticket.options.killSignal)
  }

  stopAll(error: unknown): void {
    this.#running?.ticket.stop(error)
  }

  async end(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    this.#rules.clock.sleep(leaveMs, this.#left.signal).then(
      () => this.kill(),
      () => undefined,
    )
    await this.#gone.promise
  }

  /** Its process group, with what it started. */
  kill(): void {
    const { pid, exitCode, signalCode } = this.#child
    if (pid === undefined || exitCode !== null || signalCode !== null) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch (error) {
      if (systemCodeOf(error) !== 'ESRCH') throw error
    }
  }

  #begin(ticket: Ticket, pid: number): void {
    const { options, job } = ticket
    const { clock, watcher } = this.#rules
    forgetPeak(pid)
    this.#hasAnswered = false
    this.#spool.begin(options.onOutput)
    // Without a token of its own its tree is told by its session and by who started whom.
    const token = options.environment?.[tokenVariable] ?? `worker ${pid}`
    const startMs = clock.monotonic()
    const watch = watcher.watch(pid, token, (bytes) => this.#onMemory(ticket, bytes, startMs))
    const copying = clock.every(copyEveryMs, () => {
      this.#spool.copy().catch((error: unknown) => ticket.stop(error))
    })
    this.#running = { ticket, startMs, watch, copying }
    this.#child.ref()
    this.#child.channel?.ref()
    options.onStart?.({ pid, watch, spoolFile: this.#spool.path })
    try {
      const { module, exportName, argument } = job
      const { environment = null, directory = null } = options
      this.#send({ module, exportName, argument, environment, directory })
    } catch (error) {
      this.#closeWatch(this.#running)
      this.#running = undefined
      this.#rest()
      ticket.fail(errorOf(faultOf(error, 'CALL_UNCLONABLE')))
      queueMicrotask(() => this.#events.onAnswer(this, 0))
    }
  }

  /** @throws when the message cannot be copied. A process that has gone hears nothing, and its end is told. */
  #send(message: ToProcess): void {
    if (this.#child.connected) this.#child.send(message, () => undefined)
  }

  #onMemory({ options }: Ticket, bytes: number, startMs: number): void {
    options.onMemory?.(bytes)
    const { limitBytes } = options
    if (limitBytes === undefined || bytes <= limitBytes || this.#exceeded || this.#hasAnswered) return
    const after = formatDuration(Math.round(this.#rules.clock.monotonic() - startMs))
    this.#exceeded = new PlimsollError(
      'TASK_MEMORY_EXCEEDED',
      `it used ${formatSize(bytes)} after ${after}, its limit is ${formatSize(limitBytes)}, and was stopped`,
      { fix: `Set "memory" of the task above ${formatSize(bytes)}, or make it use less` },
    )
    this.kill()
  }

  #hear(message: FromProcess): void {
    if (message.how === 'dying') this.#dying = message.what
    else if (this.#running) {
      this.#hasAnswered = true
      this.#settling = this.#settle(this.#running, message)
    }
  }

  async #settle(running: Running, answer: Answer): Promise<void> {
    const { ticket } = running
    const { cpuMs, durationMs, residentBytes, leftRunning } = answer
    const { recycleAboveBytes, recycleAfterJobs } = this.#rules
    const measured: Measured = {
      cpuMs,
      durationMs,
      busyShare: null,
      peakBytes: this.#closeWatch(running),
      heapGrowthBytes: null,
    }
    this.#patience.end()
    this.#jobs += 1
    // The peak of one job is not to be told of the next.
    const isFresh = forgetPeak(this.#child.pid ?? 0)
    if (!isFresh || leftRunning || residentBytes > recycleAboveBytes || this.#jobs >= recycleAfterJobs)
      this.#isTired = true
    await this.#finish(ticket)
    this.#running = undefined
    this.#rest()
    if (answer.how === 'fault') ticket.fail(errorOf(answer.what as Fault), measured)
    else ticket.succeed(answer.what, measured)
    this.#events.onAnswer(this, durationMs)
  }

  async #finish(ticket: Ticket): Promise<void> {
    const stop = (error: unknown): void => ticket.stop(error)
    await ticket.options.beforeReuse?.().catch(stop)
    await this.#spool.finish().catch(stop)
  }

  /** A peak of the process since the last sample is still to be seen. */
  #closeWatch({ watch, copying }: Running): Bracket | null {
    copying[Symbol.dispose]()
    watch.look()
    watch[Symbol.dispose]()
    const peak = watch.peak()
    return peak.upper === null ? null : peak
  }

  async #onExit(how: string): Promise<void> {
    this.#isTired = true
    if (this.#child.connected) await once(this.#child, 'disconnect')
    await this.#settling
    this.#patience.end()
    const running = this.#running
    if (running) {
      const durationMs = this.#rules.clock.monotonic() - running.startMs
      const peakBytes = this.#closeWatch(running)
      await this.#finish(running.ticket)
      const error = this.#exceeded ?? this.#endedEarly(how)
      const measured = { cpuMs: null, busyShare: null, durationMs, peakBytes, heapGrowthBytes: null }
      running.ticket.fail(error, measured)
    }
    await this.#leave()
  }

  async #onNotStarted(cause: unknown): Promise<void> {
    if (this.#child.pid !== undefined) return
    const message = `its process could not be started (${systemCodeOf(cause) ?? String(cause)})`
    this.#unstarted?.fail(new PlimsollError('TASK_NOT_STARTED', message, { cause }))
    await this.#leave()
  }

  async #leave(): Promise<void> {
    this.#running = undefined
    this.#unstarted = undefined
    await this.#spool.close()
    this.#left.abort()
    this.#gone.resolve()
    this.#events.onGone(this, [])
  }

  #endedEarly(how: string): PlimsollError {
    const why = this.#dying?.message ?? how
    const cause = this.#dying && { cause: errorOf(this.#dying).cause }
    return new PlimsollError('WORKER_ENDED', `its process ended without an answer (${why})`, cause)
  }

  /** An idle process does not keep the engine alive. */
  #rest(): void {
    this.#child.unref()
    this.#child.channel?.unref()
  }
}

function start(rules: PoolRules, spool: Spool): ChildProcess {
  const { descriptor } = spool
  try {
    const child = fork(entry, [], {
      detached: true,
      env: { ...rules.environment },
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', descriptor, descriptor, 'ipc'],
    })
    if (child.pid !== undefined) endBeforeUs(child.pid)
    return child
  } catch (error) {
    void spool.close()
    throw error
  }
}
