import { readFile, rm, writeFile } from 'node:fs/promises'

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
    return notFound(`${request.module} cannot be loaded: ${textOf(error)}`)
  }
  if (typeof exported !== 'function') {
    const found = exported === undefined ? 'nothing' : `a ${typeof exported}`
    return notFound(`${request.module} exports ${found} as "${request.exportName}", expected a function`)
  }
  try {
    return { outputs: outputsOf(await exported(request.argument, context)) }
  } catch (error) {
    return { error: { code: 'CALL_FAILED', message: textOf(error) } }
  }
}

function notFound(message: string): CallEnd {
  return { error: { code: 'CALL_NOT_FOUND', message } }
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message || thrown.name : String(thrown)
}

function outputsOf(returned: unknown): Record<string, string> {
  if (typeof returned !== 'object' || returned === null) return {}
  const scalars = Object.entries(returned).filter(([, value]) =>
    ['string', 'number', 'boolean'].includes(typeof value),
  )
  return Object.fromEntries(scalars.map(([key, value]) => [key, String(value)]))
}

const failureFile = (requestFile: string): string => `${requestFile}.failure`

export async function takeRequest(requestFile: string): Promise<CallRequest> {
  const request = JSON.parse(await readFile(requestFile, 'utf8')) as CallRequest
  await rm(requestFile)
  return request
}

/** Left beside the request by a child process, for the engine to read. */
export async function leaveFailure(requestFile: string, failure: CallFailure): Promise<void> {
  await writeFile(failureFile(requestFile), JSON.stringify(failure), { mode: 0o600 })
}

export async function takeFailure(requestFile: string): Promise<CallFailure | undefined> {
  const file = failureFile(requestFile)
  try {
    return JSON.parse(await readFile(file, 'utf8')) as CallFailure
  } catch {
    return undefined // it was killed before it could say
  } finally {
    await rm(file, { force: true })
    await rm(requestFile, { force: true })
  }
}
