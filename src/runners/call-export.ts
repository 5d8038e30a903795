import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { messageOf } from '../errors.ts'

/** What is asked of a module; travels as JSON or as a structured clone. */
export type CallRequest = { readonly module: string; readonly exportName: string; readonly argument: unknown }

export type CallFailure = { readonly code: 'CALL_NOT_FOUND' | 'CALL_FAILED'; readonly message: string }

export type CallEnd = { readonly outputs: Readonly<Record<string, string>> } | { readonly error: CallFailure }

/** What a called function gets as its second argument. */
export type CallContext = {
  /** Aborts when the task is to stop. */
  readonly signal: AbortSignal
  /** Writes a line into the task's log. */
  readonly log: (line: string) => void
  /** The variables of the task; the only way to them for a function that runs inline. */
  readonly env: Readonly<Record<string, string>>
}

/** Calls the export with `(argument, context)`; scalars in the object that it returns are handed on as outputs. */
export async function callExport(request: CallRequest, context: CallContext): Promise<CallEnd> {
  let exported: unknown
  try {
    exported = ((await import(request.module)) as Record<string, unknown>)[request.exportName]
  } catch (error) {
    return notFound(`${request.module} cannot be loaded: ${messageOf(error)}`)
  }
  if (typeof exported !== 'function') {
    const found = exported === undefined ? 'nothing' : `a ${typeof exported}`
    return notFound(`${request.module} exports ${found} as "${request.exportName}", expected a function`)
  }
  try {
    return { outputs: outputsOf(await exported(request.argument, context)) }
  } catch (error) {
    return { error: { code: 'CALL_FAILED', message: messageOf(error) } }
  }
}

function notFound(message: string): CallEnd {
  return { error: { code: 'CALL_NOT_FOUND', message } }
}

function outputsOf(returned: unknown): Record<string, string> {
  if (typeof returned !== 'object' || returned === null) return {}
  const scalars = Object.entries(returned).filter(([, value]) =>
    ['string', 'number', 'boolean'].includes(typeof value),
  )
  return Object.fromEntries(scalars.map(([key, value]) => [key, String(value)]))
}

const answerFile = (requestFile: string): string => `${requestFile}.answer`

export async function takeRequest(requestFile: string): Promise<CallRequest> {
  const request = JSON.parse(await readFile(requestFile, 'utf8')) as CallRequest
  await rm(requestFile)
  return request
}

/** Left beside the request by a child process, for the engine to read: whole or not at all. */
export async function leaveAnswer(requestFile: string, end: CallEnd): Promise<void> {
  const file = answerFile(requestFile)
  await writeFile(`${file}.new`, JSON.stringify(end), { mode: 0o600 })
  await rename(`${file}.new`, file)
}

/** Undefined when the process ended before it could say. */
export async function takeAnswer(requestFile: string): Promise<CallEnd | undefined> {
  const file = answerFile(requestFile)
  try {
    return JSON.parse(await readFile(file, 'utf8')) as CallEnd
  } catch {
    return undefined
  } finally {
    for (const left of [file, `${file}.new`, requestFile]) await rm(left, { force: true })
  }
}
