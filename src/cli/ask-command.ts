import { randomUUID } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { basename } from 'node:path'
import { PlimsollError, systemCodeOf } from '../errors.ts'
import type { ConsultOptions, ExpertManager, Material, Question } from '../experts/experts.ts'
import { styleFor, writeSteadily } from '../report/report.ts'
import { durationForms, parseDuration } from '../units.ts'
import { AnswersView } from './answers-view.ts'
import { namesIn, openCircle } from './circle.ts'
import type { Call, RunCommand } from './words.ts'

const chunkBytes = 64 * 1024
const mostAttached = 32

export const askCommand: RunCommand = async (call) => {
  const [text] = call.positionals
  if (text === undefined || text.trim() === '')
    throw new PlimsollError('USAGE', 'there is no question: write it in quotes after "plimsoll ask"')
  const files = call.texts('attach')
  if (files.length > mostAttached)
    throw new PlimsollError('USAGE', `--attach was given ${files.length} times, at most ${mostAttached}`)
  const materials = files.map(materialOf)
  await using manager = await openCircle(call)
  const question = {
    id: randomUUID(),
    type: 'general',
    title: text.slice(0, 200),
    text: text.length > 200 ? text : '',
  }
  return await consultInTerminal(call, manager, question, { ...consultOptions(call), materials })
}

/** `--experts`, `--enough`, `--timeout`. @throws USAGE */
export function consultOptions(call: Call): ConsultOptions {
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

/** Ctrl-C cancels it: the connections close, and what is known by then was shown. */
export async function consultInTerminal(
  call: Call,
  manager: ExpertManager,
  question: Question,
  options: ConsultOptions,
): Promise<number> {
  const writeOut = async (text: string): Promise<void> => {
    await writeSteadily(process.stdout, text)
  }
  const isJson = call.flag('json')
  const view = new AnswersView(writeOut, styleFor(process.stdout, process.env), question.type !== 'diagnosis')
  const interrupted = new AbortController()
  const stop = (): void => interrupted.abort(new PlimsollError('INTERRUPTED', 'the question was cancelled'))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  let exitCode = 0
  try {
    for await (const event of manager.stream(question, { ...options, signal: interrupted.signal })) {
      if (isJson) await writeOut(`${JSON.stringify(event)}\n`)
      else await view.tell(event)
      if (event.type === 'consulted' && event.consultation.error !== null) exitCode = 1
    }
    return exitCode
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

function materialOf(file: string): Material {
  try {
    if (!statSync(file).isFile())
      throw new PlimsollError('LOG_UNREADABLE', `${JSON.stringify(file)} is no file`)
  } catch (cause) {
    if (cause instanceof PlimsollError) throw cause
    throw new PlimsollError(
      'LOG_UNREADABLE',
      `${JSON.stringify(file)} cannot be read (${systemCodeOf(cause)})`,
      {
        cause,
      },
    )
  }
  return { name: basename(file), chunks: createReadStream(file, { highWaterMark: chunkBytes }) }
}
