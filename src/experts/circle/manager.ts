import { randomUUID } from 'node:crypto'
import { PlimsollError } from '../../errors.ts'
import { MemoryMonitor } from '../../memory/memory.ts'
import { askModel, type ModelParts } from './ask-model.ts'
import { consultEach } from './batch.ts'
import { CalmGate, type PressureGauge } from './calm.ts'
import { type ConsultParts, consultAll } from './consult.ts'
import { Handover } from './handover.ts'
import {
  type BatchConsultation,
  type BatchQuestion,
  type ExpertManagerOptions,
  settingsOf,
} from './manager-options.ts'
import { Masking } from './masking.ts'
import { ModelReader } from './model-reader.ts'
import { Performance, type PerformanceReport } from './performance.ts'
import { Purse } from './purse.ts'
import { Roster } from './roster.ts'
import { FairShare } from './share.ts'
import { SpillDir } from './spill-dir.ts'
import { whileInTime, within } from './time-limit.ts'
import type { Consultation, ConsultOptions, ExpertAnswer, ExpertEvent, Prompt, Question } from './words.ts'

export type { BatchConsultation, BatchQuestion, ExpertManagerOptions } from './manager-options.ts'

const mebibyte = 1024 ** 2

/** Several experts for one question. Everything that it begins has ended when it is disposed of. */
export class ExpertManager implements AsyncDisposable {
  readonly #roster: Roster
  readonly #streams: boolean
  readonly #turns: FairShare
  readonly #gate: CalmGate
  readonly #parts: Omit<ModelParts, 'redactor'>
  readonly #masking: Masking
  readonly #spills: SpillDir
  readonly #performance = new Performance()
  readonly #onAnswer: ((answer: ExpertAnswer) => void) | undefined
  readonly #monitor: MemoryMonitor | undefined
  readonly #closing = new AbortController()
  /** Consultations that have not ended: at most those that run and wait. */
  readonly #open = new Set<Promise<unknown>>()

  /** @throws OPTION_INVALID */
  constructor(options: ExpertManagerOptions = {}) {
    const settings = settingsOf(options)
    const { clock, variables, memoryBudgetMb: budgetMb } = settings
    this.#roster = new Roster(settings.experts)
    this.#streams = settings.enableStreaming
    this.#turns = new FairShare(settings.maxConcurrentQueries, settings.maxWaitingQueries)
    this.#monitor = options.memory === undefined ? new MemoryMonitor() : undefined
    const gauge = options.memory ?? (this.#monitor as PressureGauge)
    this.#gate = new CalmGate(gauge, clock, Number.POSITIVE_INFINITY)
    this.#masking = new Masking({ secrets: settings.secrets, models: this.#roster.models, variables })
    this.#onAnswer = options.onAnswer
    this.#spills = new SpillDir(options.spillDir)
    this.#parts = {
      ...{ clock, variables, purse: new Purse(settings.spendingLimitUsd), spills: this.#spills },
      reader: new ModelReader(() => this.#masking.secrets, { budgetMb, variables }),
      memory: new FairShare(budgetMb * mebibyte, Number.POSITIVE_INFINITY),
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
    const parts = { ...this.#parts, redactor: await this.#masking.redactor }
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
    return this.#performance.report({ turns: this.#turns, memory, purse })
  }

  /** What runs and what waits is cancelled; files of long answers are removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new PlimsollError('EXPERTS_CLOSED', 'the circle of experts was closed'))
    await Promise.allSettled(this.#open)
    await this.#parts.reader[Symbol.asyncDispose]()
    this.#monitor?.[Symbol.dispose]()
    await this.#spills[Symbol.asyncDispose]()
  }

  async #begin(
    question: Question,
    options: ConsultOptions,
    emit: ConsultParts['emit'],
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
    { chosen, emit }: Pick<ConsultParts, 'chosen' | 'emit'>,
  ): Promise<Consultation> {
    const { clock } = this.#parts
    using closed = within(clock, null, this.#closing.signal, () => undefined)
    using unwanted = within(clock, null, options.signal, () => undefined)
    using stopped = whileInTime(question, options, clock)
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
      const parts: ConsultParts = {
        ...{ ...this.#parts, redactor: await this.#masking.redactor },
        ...{ chosen, waitedMs, emit: told, signal: abort, listening },
        noteAnswer: (answer) => this.#note(answer),
      }
      const consultation = await consultAll(parts, question, options)
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

  #note(answer: ExpertAnswer): void {
    this.#performance.note(answer)
    this.#onAnswer?.(answer)
  }
}
