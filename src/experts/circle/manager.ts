import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../clock.ts'
import { defaultOptions } from '../../default-options.ts'
import { PlimsollError } from '../../errors.ts'
import { MemoryMonitor } from '../../memory/memory.ts'
import { checkNames } from '../../option-names.ts'
import { createRedactor, type Redactor } from '../../redact/redact.ts'
import { askModel, type ModelParts, streamBytes } from './ask-model.ts'
import { consultEach } from './batch.ts'
import { CalmGate, type PressureGauge } from './calm.ts'
import { type Chosen, consultAll } from './consult.ts'
import { Handover } from './handover.ts'
import { keyOf } from './keys.ts'
import {
  type BatchConsultation,
  type BatchQuestion,
  type ExpertManagerOptions,
  managerNames,
} from './manager-options.ts'
import { ModelReader } from './model-reader.ts'
import { Performance, type PerformanceReport } from './performance.ts'
import { Purse } from './purse.ts'
import { Roster } from './roster.ts'
import { FairShare } from './share.ts'
import { within } from './time-limit.ts'
import type { Consultation, ConsultOptions, ExpertAnswer, ExpertEvent, Prompt, Question } from './words.ts'

export type { BatchConsultation, BatchQuestion, ExpertManagerOptions } from './manager-options.ts'

const mebibyte = 1024 ** 2
const largest = 1_000_000

/** Several experts for one question. Everything that it begins has ended when it is disposed of. */
export class ExpertManager implements AsyncDisposable {
  readonly #roster: Roster
  readonly #streams: boolean
  readonly #limitUsd: number | null
  readonly #turns: FairShare
  readonly #gate: CalmGate
  readonly #parts: Omit<ModelParts, 'redactor'>
  readonly #secrets: readonly string[]
  readonly #performance = new Performance()
  readonly #onAnswer: ((answer: ExpertAnswer) => void) | undefined
  readonly #monitor: MemoryMonitor | undefined
  readonly #closing = new AbortController()
  /** Consultations that have not ended: at most those that run and wait. */
  readonly #open = new Set<Promise<unknown>>()
  #redactor: Promise<Redactor> | undefined
  #known: Promise<readonly string[]> | undefined
  #spillDir: Promise<string> | undefined

  /** @throws OPTION_INVALID */
  constructor(options: ExpertManagerOptions = {}) {
    checkNames('ExpertManager', options, managerNames)
    const { maxConcurrentQueries, memoryBudgetMb, enableStreaming } = {
      ...defaultOptions.experts,
      ...options,
    }
    const { experts = [], clock = systemClock, variables = process.env } = options
    const most = wholeOf('maxWaitingQueries', options.maxWaitingQueries ?? 10_000, 0)
    const budgetMb = wholeOf('memoryBudgetMb', memoryBudgetMb, streamBytes / mebibyte)
    this.#roster = new Roster(experts)
    this.#streams = enableStreaming
    this.#limitUsd = options.spendingLimitUsd ?? null
    this.#turns = new FairShare(wholeOf('maxConcurrentQueries', maxConcurrentQueries, 1), most)
    this.#monitor = options.memory === undefined ? new MemoryMonitor() : undefined
    this.#gate = new CalmGate(
      options.memory ?? (this.#monitor as PressureGauge),
      clock,
      Number.POSITIVE_INFINITY,
    )
    this.#secrets = [...(options.secrets ?? [])]
    this.#onAnswer = options.onAnswer
    const { spillDir } = options
    this.#parts = {
      ...{ clock, variables, purse: new Purse(this.#limitUsd) },
      reader: new ModelReader(() => this.#allSecrets(), { budgetMb, variables }),
      memory: new FairShare(budgetMb * mebibyte, Number.POSITIVE_INFINITY),
      spills: { dir: () => (this.#spillDir ??= mkdtemp(join(spillDir ?? tmpdir(), 'plimsoll-answers-'))) },
      noteHeld: (bytes) => {
        this.#performance.peakHeldBytes = Math.max(this.#performance.peakHeldBytes, bytes)
      },
    }
  }

  /** Of the circle, `offline` last. */
  get names(): readonly string[] {
    return this.#roster.names
  }

  /** Whether there is somebody to ask, before anything is kept of a question. @throws EXPERT_UNKNOWN */
  checkExperts(type: string, options: Pick<ConsultOptions, 'experts' | 'requiredExperts'> = {}): void {
    this.#roster.chosenFor(type, options)
  }

  /**
   * Asks the experts and resolves when all have answered, or enough. Whatever goes wrong with one of them is told in its
   * answer, and the others' answers stay; `error` says when they are too few.
   * @throws EXPERT_UNKNOWN, EXPERT_QUESTION_TOO_LARGE, EXPERT_TIMEOUT before its turn came, EXPERTS_BUSY, EXPERTS_CLOSED, the reason of
   * the signal, and what reading the evidence throws
   */
  consult(question: Question, options: ConsultOptions = {}): Promise<Consultation> {
    return this.#begin(question, options, async () => undefined)
  }

  /**
   * The same, told of while it happens: the events of all experts in one stream. Who reads slowly slows the servers down;
   * who stops reading cancels it. The last event is `consulted`.
   */
  async *stream(question: Question, options: ConsultOptions = {}): AsyncGenerator<ExpertEvent> {
    const events = new Handover<ExpertEvent>()
    using stopped = within(this.#parts.clock, null, options.signal, () => undefined)
    const control = new AbortController()
    const signal = AbortSignal.any([stopped.signal, control.signal])
    const ended = this.#begin(question, { ...options, signal }, (event, reason) =>
      events.put(event, reason),
    ).then(
      () => events.end(),
      (error: unknown) => events.fail(error),
    )
    try {
      yield* events.items()
    } finally {
      control.abort(new PlimsollError('INTERRUPTED', 'nobody reads the answers any more'))
      await ended
    }
  }

  /**
   * Many questions: at most `maxConcurrentQueries` of them run or wait to be read, and the results come as they are ready.
   * One that fails keeps none from its answer.
   */
  async *batch(
    questions: Iterable<BatchQuestion> | AsyncIterable<BatchQuestion>,
    { signal }: Pick<ConsultOptions, 'signal'> = {},
  ): AsyncGenerator<BatchConsultation> {
    using followed = within(this.#parts.clock, null, signal, () => undefined)
    yield* consultEach(questions, {
      consult: (question, options) => this.consult(question, options),
      atOnce: this.#turns.capacity,
      signal: followed.signal,
    })
  }

  /** Sends a recorded prompt again to one expert, as it was. The answer has no claim where lines were cited. */
  async replay(
    prompt: Prompt,
    expert: string,
    { signal }: Pick<ConsultOptions, 'signal'> = {},
  ): Promise<ExpertAnswer> {
    const source = this.#roster.model(expert)
    using stop = within(this.#parts.clock, null, signal, () => undefined)
    const parts = { ...this.#parts, redactor: await this.#masking() }
    const text = { ...prompt, isDiagnosis: false }
    const asked = {
      questionId: randomUUID(),
      prompt: text,
      shown: [],
      emit: async () => undefined,
      signal: stop.signal,
    }
    const answer = await askModel(parts, source, asked)
    this.#note(answer)
    return answer
  }

  getPerformanceReport(): PerformanceReport {
    const { memory, purse } = this.#parts
    const performance = this.#performance
    return {
      queries: {
        ...{ running: this.#turns.taken, peakRunning: this.#turns.peak, waiting: this.#turns.waiting },
        ...{ ended: performance.queriesEnded, failed: performance.queriesFailed },
        ...{ waitedMs: performance.waitedMs, endedEarly: performance.endedEarly },
      },
      memory: {
        ...{ budgetBytes: memory.capacity, reservedBytes: memory.taken, peakReservedBytes: memory.peak },
        peakHeldByStreamBytes: performance.peakHeldBytes,
      },
      spending: { spentUsd: purse.spentUsd, limitUsd: this.#limitUsd },
      experts: performance.experts,
    }
  }

  /** What runs and what waits is cancelled; files of long answers are removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new PlimsollError('EXPERTS_CLOSED', 'the circle of experts was closed'))
    await Promise.allSettled(this.#open)
    await this.#parts.reader[Symbol.asyncDispose]()
    this.#monitor?.[Symbol.dispose]()
    if (this.#spillDir !== undefined) await rm(await this.#spillDir, { recursive: true, force: true })
  }

  async #begin(
    question: Question,
    options: ConsultOptions,
    emit: (event: ExpertEvent, signal: AbortSignal) => Promise<void>,
  ): Promise<Consultation> {
    this.#closing.signal.throwIfAborted()
    const chosen = this.#roster.chosenFor(question.type, options)
    const ended = this.#run(question, options, { chosen, emit })
    this.#open.add(ended)
    try {
      return await ended
    } finally {
      this.#open.delete(ended)
    }
  }

  async #run(
    question: Question,
    options: ConsultOptions,
    {
      chosen,
      emit,
    }: { readonly chosen: Chosen; readonly emit: (event: ExpertEvent, signal: AbortSignal) => Promise<void> },
  ): Promise<Consultation> {
    const { clock } = this.#parts
    using closed = within(clock, null, this.#closing.signal, () => undefined)
    using unwanted = within(clock, null, options.signal, () => undefined)
    using stopped = within(clock, timeLeft(question, options, clock), options.signal, () => tooLate(question))
    const abort = AbortSignal.any([closed.signal, stopped.signal])
    const listening = AbortSignal.any([closed.signal, unwanted.signal])
    const startMs = clock.monotonic()
    const told = (event: ExpertEvent, signal: AbortSignal): Promise<void> =>
      event.type === 'text' && !this.#streams ? Promise.resolve() : emit(event, signal)
    try {
      const waiting = (reason: 'turn' | 'memory'): Promise<void> =>
        emit({ type: 'waiting', questionId: question.id, reason }, abort)
      if (this.#turns.taken >= this.#turns.capacity) await waiting('turn')
      using _turn = await this.#turns.take(1, abort)
      using _calm = await this.#gate.enter(abort, () => waiting('memory'))
      const waitedMs = clock.monotonic() - startMs
      this.#performance.waitedMs += waitedMs
      const consultation = await consultAll(
        {
          ...{
            ...this.#parts,
            redactor: await this.#masking(),
            chosen,
            waitedMs,
            emit: told,
            signal: abort,
            listening,
          },
          noteAnswer: (answer) => this.#note(answer),
        },
        question,
        options,
      )
      // Its time being over ends the experts, not the consultation: what was answered stays.
      if (options.signal?.aborted) throw options.signal.reason
      closed.signal.throwIfAborted()
      if (consultation.isEarly) this.#performance.endedEarly += 1
      this.#performance.queriesEnded += 1
      return consultation
    } catch (error) {
      this.#performance.queriesFailed += 1
      throw error
    }
  }

  #masking(): Promise<Redactor> {
    this.#redactor ??= this.#allSecrets().then(createRedactor)
    return this.#redactor
  }

  /** The keys are secrets, too. One that cannot be read is told of where it is needed. */
  #allSecrets(): Promise<readonly string[]> {
    this.#known ??= Promise.all(
      this.#roster.models.map((source) => keyOf(source, this.#parts.variables).catch(() => null)),
    ).then((keys) => [...this.#secrets, ...keys.filter((key) => key !== null && key.length >= 8)] as string[])
    return this.#known
  }

  #note(answer: ExpertAnswer): void {
    this.#performance.note(answer)
    this.#onAnswer?.(answer)
  }
}

function timeLeft({ deadlineMs }: Question, { timeoutMs }: ConsultOptions, clock: Clock): number | null {
  if (deadlineMs === undefined) return timeoutMs ?? null
  return Math.max(0, Math.min(deadlineMs - clock.now(), timeoutMs ?? Number.POSITIVE_INFINITY))
}

const tooLate = ({ title }: Question): PlimsollError =>
  new PlimsollError('EXPERT_TIMEOUT', `the time for ${JSON.stringify(title.slice(0, 200))} is over`)

function wholeOf(option: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least && value <= largest) return value
  throw new PlimsollError(
    'OPTION_INVALID',
    `${option} is ${value}, expected a whole number from ${least} to ${largest}`,
  )
}
