import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { systemClock } from '../clock.ts'
import { messageOf, PlimsollError, systemCodeOf } from '../errors.ts'
import { type CircleConsult, consultWith, type ExpertEvent } from '../experts/experts.ts'
import { type NewAttachment, type NewQuery, QueryHandler } from '../queries/queries.ts'
import { plainLine, styleFor, writeSteadily } from '../report/report.ts'
import { openStore } from '../store/store.ts'
import { durationForms, parseDuration } from '../units.ts'
import { AnswersView } from './answers-view.ts'
import { namesIn, type OpenCircle, openCircle } from './circle.ts'
import { placeOf } from './with-journal.ts'
import type { Call, RunCommand } from './words.ts'

const longestTitle = 200
const mostAttached = 32

export const askCommand: RunCommand = async (call) => {
  const [text] = call.positionals
  if (text === undefined || text.trim() === '')
    throw new PlimsollError('USAGE', 'there is no question: write it in quotes after "plimsoll ask"')
  const files = call.texts('attach')
  if (files.length > mostAttached)
    throw new PlimsollError('USAGE', `--attach was given ${files.length} times, at most ${mostAttached}`)
  const attachments = files.map(attachmentOf)
  await using circle = await openCircle(call)
  const query = { title: text.slice(0, longestTitle), text, attachments }
  return await consultInTerminal(call, circle, query, consultOptions(call))
}

/** `--experts`, `--enough`, `--timeout`. @throws USAGE */
export function consultOptions(call: Call): CircleConsult {
  const names = namesIn(call)
  const enough = call.text('enough')
  const timeout = call.text('timeout')
  const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout)
  if (enough !== undefined && !/^[1-9]\d{0,2}$/.test(enough))
    throw new PlimsollError('USAGE', `--enough is ${JSON.stringify(enough)}, expected a whole number from 1`)
  if (timeout !== undefined && !(timeoutMs !== undefined && timeoutMs > 0))
    throw new PlimsollError(
      'USAGE',
      `--timeout is ${JSON.stringify(timeout)}, expected ${durationForms}, above 0`,
    )
  return {
    ...(names !== undefined && { experts: names }),
    ...(enough !== undefined && { minResponses: Number(enough) }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  }
}

/** Kept as a query, with its answers. Ctrl-C cancels it: the connections close, and what is known by then stays. */
export async function consultInTerminal(
  call: Call,
  { manager, tally, queries: limits }: OpenCircle,
  asked: NewQuery,
  options: CircleConsult,
): Promise<number> {
  manager.checkExperts(asked.type ?? 'general', options)
  let exitCode = 0
  const tell = teller(call, asked)
  const onEvent = async (event: ExpertEvent): Promise<void> => {
    await tell(event)
    if (event.type === 'consulted' && event.consultation.error !== null) exitCode = 1
  }
  const interrupted = new AbortController()
  const stop = (): void => interrupted.abort(new PlimsollError('INTERRUPTED', 'the question was cancelled'))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    await using store = await openStore(placeOf(call))
    const consult = consultWith(manager, { ...options, onEvent })
    await using queries = new QueryHandler({ store, consult, ...limits })
    const query = await queries.createQuery({ ...asked, idempotencyKey: randomUUID() })
    try {
      await queries.submitQuery(query, { signal: interrupted.signal })
    } finally {
      // What was spent is spent, also when it was cancelled.
      await tally.record(store, systemClock).catch(sayUnrecorded)
    }
    return exitCode
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

function sayUnrecorded(error: unknown): void {
  process.stderr.write(`what the answers took is not among the metrics: ${plainLine(messageOf(error))}\n`)
}

function teller(call: Call, { type }: NewQuery): (event: ExpertEvent) => Promise<void> {
  const write = async (text: string): Promise<void> => {
    await writeSteadily(process.stdout, text)
  }
  if (call.flag('json')) return (event) => write(`${JSON.stringify(event)}\n`)
  const view = new AnswersView(write, styleFor(process.stdout, process.env), type !== 'diagnosis')
  return (event) => view.tell(event)
}

function attachmentOf(file: string): NewAttachment {
  try {
    if (!statSync(file).isFile())
      throw new PlimsollError('LOG_UNREADABLE', `${JSON.stringify(file)} is no file`)
  } catch (cause) {
    if (cause instanceof PlimsollError) throw cause
    throw new PlimsollError(
      'LOG_UNREADABLE',
      `${JSON.stringify(file)} cannot be read (${systemCodeOf(cause)})`,
      { cause },
    )
  }
  return { kind: 'file', path: resolve(file) }
}
