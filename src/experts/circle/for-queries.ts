/** The circle as what a `QueryHandler` consults: kept queries in, answers to keep out. */
import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Answer, Attachment, Consult, ConsultCall, Query } from '../../queries/queries.ts'
import type { Evidence } from '../words.ts'
import type { ExpertManager } from './manager.ts'
import type { ConsultOptions, ExpertAnswer, ExpertEvent, Material } from './words.ts'

export type CircleConsult = Omit<ConsultOptions, 'signal' | 'materials'> & {
  /** Finds what is known of a task of a run: for attachments of kind `run-log`. */
  readonly evidenceOf?: (runId: string, task: string, signal: AbortSignal) => Promise<Evidence>
  /** Told in order; waited for. */
  readonly onEvent?: (event: ExpertEvent) => void | Promise<void>
}

const chunkBytes = 64 * 1024

/** Each answer is kept as soon as it is there; a prompt and a long text go into the store. */
export function consultWith(manager: ExpertManager, options: CircleConsult = {}): Consult {
  const { evidenceOf, onEvent, evidence: known, ...given } = options
  return async (query, call) => {
    const { signal } = call
    const evidence = known ?? (await evidenceIn(query, evidenceOf, signal))
    // What is evidence is read once.
    const attached = query.attachments.filter(({ kind }) => known === undefined || kind !== 'file')
    const materials = attached.flatMap((attachment) => materialOf(attachment, call))
    const asked = { ...given, materials, signal, ...(evidence !== undefined && { evidence }) }
    for await (const event of manager.stream(query, asked)) {
      if (event.type === 'answered') {
        await call.keepAnswer(await keptAnswer(event.answer, call))
      }
      await onEvent?.(event)
    }
    return []
  }
}

async function evidenceIn(
  { attachments }: Query,
  evidenceOf: CircleConsult['evidenceOf'],
  signal: AbortSignal,
): Promise<Evidence | undefined> {
  const run = attachments.find((attachment) => attachment.kind === 'run-log')
  return run === undefined ? undefined : await evidenceOf?.(run.runId, run.task, signal)
}

function materialOf(attachment: Attachment, { readText }: ConsultCall): readonly Material[] {
  if (attachment.kind === 'file') {
    const { path } = attachment
    return [{ name: basename(path), chunks: createReadStream(path, { highWaterMark: chunkBytes }) }]
  }
  if (attachment.kind === 'run-log') return []
  return [{ name: attachment.name ?? 'text', chunks: bytesOf(readText(attachment.textId)) }]
}

async function* bytesOf(texts: AsyncIterable<string>): AsyncIterable<Uint8Array> {
  for await (const text of texts) yield Buffer.from(text)
}

async function keptAnswer(answer: ExpertAnswer, { keepText }: ConsultCall): Promise<Answer> {
  const { questionId, expert, status, claim, text, spilled, prompt, model, usage, error, startedAtMs } =
    answer
  const storedText =
    spilled === null ? null : await keepText(createReadStream(spilled.file), `${expert}: answer`)
  if (spilled !== null) await rm(spilled.file, { force: true })
  return {
    ...{ queryId: questionId, expert, status, text, storedText, model, error, startedAtMs },
    cause: claim?.cause ?? null,
    evidence: (claim?.evidence ?? []).map(({ log, ...line }) => ({ source: log, ...line })),
    prompt: prompt === null ? null : await keepText(JSON.stringify(prompt), `${expert}: prompt`),
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    costUsd: usage.costUsd,
    endedAtMs: Math.round(startedAtMs + answer.durationMs),
    details: {
      ...(claim !== null && {
        explanation: claim.explanation,
        next: claim.next,
        certainty: claim.certainty,
        isUnsupported: claim.isUnsupported,
      }),
      isEstimated: usage.isEstimated,
      attempts: answer.attempts,
      firstTextMs: answer.firstTextMs,
    },
  }
}
