import { PlimsollError } from '../../errors.ts'
import { Handover } from './handover.ts'
import type { BatchConsultation, BatchQuestion } from './manager-options.ts'
import { FairShare } from './share.ts'
import type { Consultation, ConsultOptions, Question } from './words.ts'

type Batch = {
  readonly consult: (question: Question, options: ConsultOptions) => Promise<Consultation>
  readonly atOnce: number
  readonly signal: AbortSignal
}

/** As many questions are taken from the source as run or wait to be read. Who stops reading cancels what runs. */
export async function* consultEach(
  questions: Iterable<BatchQuestion> | AsyncIterable<BatchQuestion>,
  { consult, atOnce, signal }: Batch,
): AsyncGenerator<BatchConsultation> {
  const results = new Handover<BatchConsultation>()
  const control = new AbortController()
  const stop = AbortSignal.any([signal, control.signal])
  const work = consultAllOf(questions, results, { consult, atOnce, signal: stop }).then(
    () => results.end(),
    (error: unknown) => results.fail(error),
  )
  try {
    yield* results.items()
  } finally {
    control.abort(new PlimsollError('INTERRUPTED', 'nobody reads the batch any more'))
    await work
  }
}

async function consultAllOf(
  questions: Iterable<BatchQuestion> | AsyncIterable<BatchQuestion>,
  results: Handover<BatchConsultation>,
  { consult, atOnce, signal }: Batch,
): Promise<void> {
  const places = new FairShare(atOnce, 1)
  /** At most `atOnce`. */
  const running = new Set<Promise<void>>()
  const ask = async ({ question, options }: BatchQuestion): Promise<void> => {
    const place = await places.take(1, signal)
    const one = consult(question, { ...options, signal })
      .then(
        (consultation): BatchConsultation => ({ ok: true, question, consultation }),
        (error: unknown): BatchConsultation => ({ ok: false, question, error }),
      )
      .then((entry) => results.put(entry, signal))
      .catch(() => undefined)
      .finally(() => {
        place[Symbol.dispose]()
        running.delete(one)
      })
    running.add(one)
  }
  try {
    for await (const question of questions) await ask(question)
  } finally {
    await Promise.all(running)
  }
  signal.throwIfAborted()
}
