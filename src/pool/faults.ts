/** What a function threw, as plain data that can travel, and as an error again. */
import { messageOf, PlimsollError } from '../errors.ts'

export type FaultCode = 'CALL_FAILED' | 'CALL_NOT_FOUND' | 'CALL_UNCLONABLE'

export type Fault = {
  readonly code: FaultCode
  readonly message: string
  /** Of the thrown error, where there was one. */
  readonly name: string
  readonly stack: string | null
}

/** Never throws: what is thrown may be any value, and reading it may run code of its own. */
export function faultOf(thrown: unknown, code: FaultCode = 'CALL_FAILED'): Fault {
  return {
    code,
    message: messageOf(thrown),
    name: textOf(thrown, 'name') ?? 'Error',
    stack: textOf(thrown, 'stack'),
  }
}

/** The error of a caller; what the function threw is its cause, with name, message and stack as they were. */
export function errorOf({ code, message, name, stack }: Fault): PlimsollError {
  const cause = new Error(message)
  cause.name = name
  if (stack !== null) cause.stack = stack
  return new PlimsollError(code, message, { cause })
}

function textOf(thrown: unknown, key: 'name' | 'stack'): string | null {
  try {
    const value = thrown instanceof Error ? thrown[key] : null
    return typeof value === 'string' ? value : null
  } catch {
    return null
  }
}
