/** One question, all its experts at once, until all have answered or enough agree. */
import { factsOf, PlimsollError } from '../../errors.ts'
import type { ExpertSource } from '../../plan/plan.ts'
import type { Diagnosis } from '../../spine.ts'
import { diagnose } from '../diagnose.ts'
import { askModel, type ModelParts } from './ask-model.ts'
import { consensusOf, makerOf, type Voter, votesOfLeader } from './consensus.ts'
import { Exhibit } from './exhibit.ts'
import { askOffline, offlineName } from './offline.ts'
import { promptOf } from './prompt.ts'
import type { Consultation, ConsultOptions, ExpertAnswer, ExpertEvent, Prompt, Question } from './words.ts'

export type Chosen = { readonly models: readonly ExpertSource[]; readonly hasOffline: boolean }

export type ConsultParts = ModelParts & {
  readonly chosen: Chosen
  readonly emit: (event: ExpertEvent, signal: AbortSignal) => Promise<void>
  readonly noteAnswer: (answer: ExpertAnswer) => void
  /** Aborts when nobody wants it any more, or its time is over. */
  readonly signal: AbortSignal
  /** Aborts when nobody wants it any more; that its time is over is still told. */
  readonly listening: AbortSignal
  readonly waitedMs: number
}

/** @throws EXPERT_QUESTION_TOO_LARGE, what reading the evidence throws, the reason of the signal */
export async function consultAll(
  parts: ConsultParts,
  question: Question,
  options: ConsultOptions,
): Promise<Consultation> {
  const startMs = parts.clock.monotonic()
  const prepared = await prepare(parts, question, options)
  const circle = new Circle(parts, question, options)
  const answers = await circle.ask(prepared)
  const { voters } = circle
  const consultation: Consultation = {
    questionId: question.id,
    answers,
    consensus: question.type === 'diagnosis' ? consensusOf(voters) : null,
    error: tooFew(answers, options),
    isEarly: circle.isEarly,
    waitedMs: parts.waitedMs,
    durationMs: parts.clock.monotonic() - startMs,
  }
  await parts
    .emit({ type: 'consulted', questionId: question.id, consultation }, parts.listening)
    .catch(() => undefined)
  return consultation
}

type Prepared = {
  readonly exhibit: Exhibit
  readonly prompt: Prompt
  readonly diagnosis: () => Promise<Diagnosis>
}

/** Evidence is read once: by the offline expert, whose diagnosis the others do not see; they see the lines. */
async function prepare(
  { redactor, signal }: ConsultParts,
  question: Question,
  { evidence, materials = [] }: ConsultOptions,
): Promise<Prepared> {
  const exhibit = new Exhibit(redactor, (evidence?.logs.length ?? 0) + materials.length)
  const noted = { ...evidence, logs: (evidence?.logs ?? []).map((log) => exhibit.noting(log)) }
  const diagnosed = diagnose(noted, signal)
  // Told of where it is asked for.
  const diagnosis = await diagnosed.catch(() => undefined)
  signal.throwIfAborted()
  for (const material of materials) await exhibit.read(material, signal)
  exhibit.show(diagnosis?.evidence ?? [])
  const prompt = await promptOf(question, exhibit.lines, redactor)
  return { exhibit, prompt, diagnosis: () => diagnosed }
}

/** The answers as they come. */
class Circle {
  readonly #parts: ConsultParts
  readonly #question: Question
  readonly #options: ConsultOptions
  readonly #stop = new AbortController()
  readonly #answers: ExpertAnswer[] = []
  #isEarly = false

  constructor(parts: ConsultParts, question: Question, options: ConsultOptions) {
    this.#parts = parts
    this.#question = question
    this.#options = options
  }

  get isEarly(): boolean {
    return this.#isEarly
  }

  get voters(): readonly Voter[] {
    return this.#answers.flatMap(({ expert, model, status, claim }) =>
      status === 'complete' && claim !== null
        ? [{ expert, maker: model === null ? offlineName : makerOf(model), claim }]
        : [],
    )
  }

  async ask({ exhibit, prompt, diagnosis }: Prepared): Promise<readonly ExpertAnswer[]> {
    const { chosen, signal, emit } = this.#parts
    const { id: questionId } = this.#question
    const follow = (): void => this.#stop.abort(signal.reason)
    signal.addEventListener('abort', follow, { once: true })
    if (signal.aborted) follow()
    try {
      const asked = { questionId, prompt, shown: exhibit.lines, emit, signal: this.#stop.signal }
      const offline = chosen.hasOffline
        ? [askOffline({ ...this.#parts, questionId, diagnose: diagnosis })]
        : []
      const models = chosen.models.map((source) => askModel(this.#parts, source, asked))
      await Promise.all([...offline, ...models].map((answer) => this.#take(answer)))
      return this.#answers
    } finally {
      signal.removeEventListener('abort', follow)
    }
  }

  async #take(coming: Promise<ExpertAnswer>): Promise<void> {
    const answer = await coming
    this.#answers.push(answer)
    this.#parts.noteAnswer(answer)
    const event = { type: 'answered', questionId: this.#question.id, answer } as const
    // Whether it is enough is known before it has been read.
    if (!this.#stop.signal.aborted && this.#isEnough()) {
      this.#isEarly =
        this.#answers.length < this.#parts.chosen.models.length + (this.#parts.chosen.hasOffline ? 1 : 0)
      this.#stop.abort(new PlimsollError('INTERRUPTED', 'enough experts have answered'))
    }
    await this.#parts.emit(event, this.#parts.listening).catch(() => undefined)
  }

  #isEnough(): boolean {
    const { minResponses, requiredExperts = [] } = this.#options
    if (minResponses === undefined) return false
    const complete = this.#answers.filter(({ status }) => status === 'complete')
    const isHeard = requiredExperts.every((name) => this.#answers.some(({ expert }) => expert === name))
    const count = this.#question.type === 'diagnosis' ? votesOfLeader(this.voters) : complete.length
    return isHeard && count >= minResponses
  }
}

function tooFew(
  answers: readonly ExpertAnswer[],
  { minResponses = 1, requiredExperts = [] }: ConsultOptions,
): Consultation['error'] {
  const complete = answers.filter(({ status }) => status === 'complete').map(({ expert }) => expert)
  const missing = requiredExperts.filter((name) => !complete.includes(name))
  if (complete.length >= minResponses && missing.length === 0) return null
  const others = answers.filter(({ status }) => status !== 'complete')
  const why = others.map(({ expert, error }) => `${expert}: ${error?.message}`).join('; ')
  const what =
    missing.length > 0
      ? `no complete answer came from ${missing.join(', ')}, which must answer`
      : `${complete.length} complete answers came where ${minResponses} were asked for`
  return factsOf(new PlimsollError('EXPERTS_TOO_FEW', `${what}${why === '' ? '' : ` (${why})`}`))
}
