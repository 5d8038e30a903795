/**
 * Looking into errors and answers of other people's libraries. Nothing here throws, whatever is passed: a getter or a
 * proxy that does counts as absent.
 */

/** The property, or undefined. */
export function look(value: unknown, name: PropertyKey): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined
  try {
    return (value as Record<PropertyKey, unknown>)[name]
  } catch {
    return undefined
  }
}

/** `instanceof` that a revoked proxy cannot make throw. */
export function isOf<Class>(value: unknown, type: abstract new (...words: never[]) => Class): value is Class {
  try {
    return value instanceof type
  } catch {
    return false
  }
}

/** So far is a chain of causes followed: it may be a ring. */
const mostCauses = 5

/** The error and what caused it, the nearest first. */
export function* causesOf(error: unknown): Generator<unknown, void, void> {
  let cause = error
  for (let depth = 0; depth < mostCauses && cause !== undefined && cause !== null; depth += 1) {
    yield cause
    cause = look(cause, 'cause')
  }
}

/** What looks like an answer of an http server: of `fetch`, undici, axios, node:http. */
export function isAnswer(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return typeof look(value, 'headers') === 'object' && statusIn(value) !== undefined
}

/** The http status that an error or an answer carries, on itself or on its `response`. */
export function statusOf(value: unknown): number | undefined {
  return statusIn(value) ?? statusIn(look(value, 'response'))
}

function statusIn(value: unknown): number | undefined {
  for (const name of ['status', 'statusCode']) {
    const status = look(value, name)
    if (typeof status === 'number' && Number.isInteger(status) && status >= 100 && status <= 599)
      return status
  }
  return undefined
}

/** One header of an answer or of an error's `response`, from a `Headers` object or a plain one with small letters. */
export function headerOf(value: unknown, name: string): string | undefined {
  for (const place of [value, look(value, 'response')]) {
    const header = headerIn(look(place, 'headers'), name)
    if (header !== undefined) return header
  }
  return undefined
}

function headerIn(headers: unknown, name: string): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined
  const header = isOf(headers, Headers) ? headers.get(name) : look(headers, name)
  const first: unknown = Array.isArray(header) ? header[0] : header
  return typeof first === 'string' && first.length <= 100 ? first : undefined
}
