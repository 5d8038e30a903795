/**
 * Records a source of any length, a chunk at a time. A chunk that is acknowledged is kept; what fails says how far the
 * source was recorded without a gap, so that the caller can go on from there.
 */
import type { Clock } from '../clock.ts'
import { defaultOptions } from '../default-options.ts'
import { messageOf, PlimsollError } from '../errors.ts'
import type { OpenChunk } from './open-chunk.ts'
import type { Pressure } from './pressure.ts'
import type { Recorder } from './recorder.ts'
import { nextTurn } from './turn.ts'
import type { Durability, NewSample } from './words.ts'

export type Source = Iterable<NewSample> | AsyncIterable<NewSample>

export type BatchOptions = {
  /** Samples of one acknowledgement; fewer while memory is short. Default 100. */
  readonly chunkSize?: number
  /** Default that of the repository. */
  readonly durability?: Durability
  /** Ends it after the samples that were pulled by then, which are recorded. A source that keeps us waiting is left. */
  readonly signal?: AbortSignal
}

export type BatchOutcome = {
  /** So many samples of the source, from its beginning, are recorded. */
  readonly position: number
  /** Of them, how many replaced one of the same series and time. */
  readonly duplicates: number
  readonly chunks: number
}

/** Why a batch ended early, with what is recorded of it. Samples behind `position` may be recorded too: send them again. */
export class BatchError extends PlimsollError {
  readonly outcome: BatchOutcome

  constructor(cause: unknown, outcome: BatchOutcome, wasStopped: boolean) {
    const recorded = `(the first ${outcome.position} samples of the source are recorded)`
    if (wasStopped)
      super('INTERRUPTED', `recording was stopped ${recorded}`, {
        cause,
        fix: 'Go on with the rest, or from the beginning: what is there already is replaced',
      })
    else if (cause instanceof PlimsollError)
      super(cause.code, `${cause.message} ${recorded}`, { cause, fix: cause.fix })
    else super('METRIC_SOURCE_FAILED', `${messageOf(cause)} ${recorded}`, { cause })
    this.outcome = outcome
  }
}

export type BatchPlace = {
  readonly recorder: Recorder
  readonly clock: Clock
  readonly pressure: Pressure
}

type BatchRule = {
  readonly chunkSize: number
  readonly durability: Durability
  readonly signal: AbortSignal | undefined
}

const largestChunk = 100_000
/** Waiting for their commit at the same time; the disk then is not waited for by each chunk alone. */
const samplesUnderWay = 8_192
const chunksUnderWay = 64

/** @throws OPTION_INVALID, BatchError */
export async function recordBatch(
  source: Source,
  {
    chunkSize = defaultOptions.metrics.chunkSize,
    durability,
    signal,
  }: BatchOptions & Pick<BatchRule, 'durability'>,
  place: BatchPlace,
): Promise<BatchOutcome> {
  if (!Number.isInteger(chunkSize) || chunkSize < 1 || chunkSize > largestChunk)
    throw new PlimsollError(
      'OPTION_INVALID',
      `chunkSize is ${chunkSize}, expected a whole number from 1 to ${largestChunk}`,
    )
  const batch = new Batch({ chunkSize, durability, signal }, place)
  try {
    signal?.throwIfAborted()
    if (Symbol.asyncIterator in source) await pull(source, batch, signal)
    else {
      for (const sample of source) if (batch.add(sample)) await batch.flush()
    }
  } catch (error) {
    // What was pulled before it is recorded all the same.
    batch.fail(error)
  }
  return await batch.end()
}

async function pull(source: AsyncIterable<NewSample>, batch: Batch, signal?: AbortSignal): Promise<void> {
  let isWaiting = true
  let hasLeft = false
  const left = Promise.withResolvers<never>()
  const leave = (): void => {
    // Whoever flushes looks at the signal himself.
    if (!isWaiting) return
    hasLeft = true
    left.reject(signal?.reason)
  }
  const pullAll = async (): Promise<void> => {
    for await (const sample of source) {
      if (hasLeft) return
      isWaiting = false
      if (batch.add(sample)) await batch.flush()
      isWaiting = true
    }
  }
  signal?.addEventListener('abort', leave, { once: true })
  try {
    const pulled = pullAll()
    await Promise.race([pulled, left.promise])
  } finally {
    signal?.removeEventListener('abort', leave)
  }
}

type UnderWay = { readonly samples: number; readonly recorded: Promise<number | Error> }

class Batch {
  readonly #options: BatchRule
  readonly #place: BatchPlace
  /** In the order of the source; bounded by what may be under way. */
  #underWay: UnderWay[] = []
  #samplesUnderWay = 0
  #open: OpenChunk | null = null
  #outcome: BatchOutcome = { position: 0, duplicates: 0, chunks: 0 }
  #failure: { readonly error: unknown } | null = null
  /** The first chunk that was not recorded: behind it nothing counts any more. */
  #gap: Error | null = null

  constructor(options: BatchRule, place: BatchPlace) {
    this.#options = options
    this.#place = place
  }

  /** True when the chunk is full and has to be flushed. */
  add(sample: NewSample): boolean {
    this.#open ??= this.#nextChunk()
    this.#open.add(sample, this.#place.clock)
    return this.#open.isFull
  }

  /** Sends the open chunk, and waits until there is room for the next. @throws when an earlier one failed */
  async flush(): Promise<void> {
    this.#send()
    const isTight = this.#place.pressure.isTight
    while (this.#samplesUnderWay > (isTight ? 0 : samplesUnderWay) || this.#underWay.length > chunksUnderWay)
      await this.#settleFirst()
    if (this.#failure !== null) throw this.#failure.error
    this.#options.signal?.throwIfAborted()
    await this.#place.pressure.pause(this.#options.signal)
    if (this.#place.pressure.hadLongTurn) await nextTurn()
  }

  fail(error: unknown): void {
    this.#failure ??= { error }
  }

  async end(): Promise<BatchOutcome> {
    this.#send()
    while (this.#underWay.length > 0) await this.#settleFirst()
    if (this.#failure === null) return this.#outcome
    const { error } = this.#failure
    const { signal } = this.#options
    throw new BatchError(error, this.#outcome, signal?.aborted === true && error === signal.reason)
  }

  #nextChunk(): OpenChunk {
    return this.#place.recorder.open(this.#place.pressure.chunkSize(this.#options.chunkSize))
  }

  #send(): void {
    const chunk = this.#open
    if (chunk === null || chunk.count === 0) return
    const samples = chunk.count
    this.#open = null
    const recorded = this.#place.recorder
      .record(chunk, this.#options.durability)
      .catch((error: unknown) => (error instanceof Error ? error : new Error(messageOf(error))))
    this.#samplesUnderWay += samples
    this.#underWay.push({ samples, recorded })
  }

  async #settleFirst(): Promise<void> {
    const [first, ...rest] = this.#underWay
    if (first === undefined) return
    const recorded = await first.recorded
    this.#underWay = rest
    this.#samplesUnderWay -= first.samples
    const { position, duplicates, chunks } = this.#outcome
    if (recorded instanceof Error) this.#gap ??= recorded
    else if (this.#gap === null)
      this.#outcome = {
        position: position + first.samples,
        duplicates: duplicates + recorded,
        chunks: chunks + 1,
      }
    if (this.#gap !== null) this.#failure = { error: this.#gap }
  }
}
