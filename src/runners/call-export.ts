import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { messageOf } from '../errors.ts'
import type { JobContext } from '../pool/pool.ts'
import { exitRecordText } from './supervisor.ts'

/** What is asked of a module; travels as JSON or as a structured clone. */
export type CallRequest = { readonly module: string; readonly exportName: string; readonly argument: unknown }

export type CallFailure = { readonly code: 'CALL_NOT_FOUND' | 'CALL_FAILED'; readonly message: string }

export type CallEnd = { readonly outputs: Readonly<Record<string, string>> } | { readonly error: CallFailure }

/** That this file asked for it is no news to anybody. */
const whyNotLoaded = (error: unknown): string =>
  messageOf(error).replace(` imported from ${import.meta.filename}`, '')

/** Calls the export with `(argument, context)`; scalars in the object that it returns are handed on as outputs. */
export async function callExport(request: CallRequest, context: JobContext): Promise<CallEnd> {
  let exported: unknown
  try {
    exported = ((await import(request.module)) as Record<string, unknown>)[request.exportName]
  } catch (error) {
    return notFound(`${request.module} cannot be loaded: ${whyNotLoaded(error)}`)
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

export type CallToLeave = {
  readonly request: CallRequest
  readonly requestFile: string
  readonly exitFile: string
}

/** The same in a worker process, which leaves the answer and the exit record in case the engine has gone meanwhile. */
export async function callAndLeave(call: CallToLeave, context: JobContext): Promise<CallEnd> {
  const before = process.cpuUsage()
  const end = await callExport(call.request, context)
  const { user, system } = process.cpuUsage(before)
  try {
    await leaveAnswer(call.requestFile, end)
    await leave(call.exitFile, exitRecordText('error' in end ? 1 : 0, { user, system }))
  } catch {
    // The disk is full: while the engine is there, it hears the answer.
  }
  return end
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
  await leave(answerFile(requestFile), JSON.stringify(end))
}

async function leave(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 })
  await rename(`${file}.new`, file)
}

/** Undefined when the process ended before it could say. */
export async function readAnswer(requestFile: string): Promise<CallEnd | undefined> {
  const file = answerFile(requestFile)
  try {
    return JSON.parse(await readFile(file, 'utf8')) as CallEnd
  } catch {
    return undefined
  }
}
