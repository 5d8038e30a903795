/**
 * Looking into errors and answers of other people's libraries. Nothing here throws, whatever is passed: a getter or a
 * proxy that does counts as absent.
 */

type Bag = Readonly<Record<PropertyKey, unknown>>

/**
 * One function for each property: V8 finds a name that is written in the code ten times faster than one that is passed,
 * and most of these are looked for in vain.
 */
export const its = {
  body: (bag: Bag) => bag.body,
  cause: (bag: Bag) => bag.cause,
  code: (bag: Bag) => bag.code,
  constructor: (bag: Bag) => bag.constructor,
  destroy: (bag: Bag) => bag.destroy,
  getReader: (bag: Bag) => bag.getReader,
  headers: (bag: Bag) => bag.headers,
  metadata: (bag: Bag) => bag.metadata,
  name: (bag: Bag) => bag.name,
  pipe: (bag: Bag) => bag.pipe,
  response: (bag: Bag) => bag.response,
  severity: (bag: Bag) => bag.severity,
  status: (bag: Bag) => bag.status,
  statusCode: (bag: Bag) => bag.statusCode,
} as const

/** The property, or undefined. */
export function look(value: unknown, property: (bag: Bag) => unknown): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined
  try {
    return property(value as Bag)
  } catch {
    return undefined
  }
}

/** The same for a name that is not known before. */
export const lookUp = (value: unknown, name: PropertyKey): unknown => look(value, (bag) => bag[name])

/** `instanceof` that a revoked proxy cannot make throw. */
export function isOf<Class>(value: unknown, type: abstract new (...words: never[]) => Class): value is Class {
  try {
    return value instanceof type
  } catch {
    return false
  }
}

/** What looks like an answer of an http server: of `fetch`, undici, axios, node:http. */
export function isAnswer(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return typeof look(value, its.headers) === 'object' && statusIn(value) !== undefined
}

/** The http status that an error or an answer carries, on itself or on its `response`. */
export function statusOf(value: unknown): number | undefined {
  return statusIn(value) ?? statusIn(look(value, its.response))
}

function statusIn(value: unknown): number | undefined {
  return httpStatus(look(value, its.status)) ?? httpStatus(look(value, its.statusCode))
}

function httpStatus(status: unknown): number | undefined {
  if (typeof status !== 'number' || !Number.isInteger(status)) return undefined
  return status >= 100 && status <= 599 ? status : undefined
}

export const hasHeaders = (value: unknown): boolean =>
  look(value, its.headers) !== undefined || look(value, its.response) !== undefined

/** One header of an answer or of an error's `response`, from a `Headers` object or a plain one with small letters. */
export function headerOf(value: unknown, name: string): string | undefined {
  return (
    headerIn(look(value, its.headers), name) ?? headerIn(look(look(value, its.response), its.headers), name)
  )
}

function headerIn(headers: unknown, name: string): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined
  const header = isOf(headers, Headers) ? askedFor(headers, name) : lookUp(headers, name)
  const first: unknown = Array.isArray(header) ? header[0] : header
  return typeof first === 'string' && first.length <= 100 ? first : undefined
}

/** What only looks like `Headers` throws when it is asked. */
function askedFor(headers: Headers, name: string): unknown {
  try {
    return headers.get(name)
  } catch {
    return undefined
  }
}

export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}
