/** Every bound of a query, and the checks of what callers pass in. */

import * as z from 'zod/mini'
import { defaultOptions } from '../default-options.ts'
import { PlimsollError } from '../errors.ts'
import type { Names } from '../option-names.ts'
import { type NewQuery, queryPriorities, queryTypes } from './words.ts'

/** Of a text in a row, in UTF-16 units; a longer one is stored in pieces. */
export const longestInline = 64 * 1024
/** What the row of a longer text keeps of it, in UTF-16 units. */
export const headLength = 8 * 1024
export const mostOnPage = 200

const text = (most: number) => z.string().check(z.minLength(1), z.maxLength(most))

const attachment = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('run-log'), runId: text(200), task: text(500) }),
  z.strictObject({ kind: z.literal('file'), path: text(4_096) }),
  z.strictObject({
    kind: z.literal('stored-text'),
    textId: text(100),
    bytes: z.number().check(z.nonnegative()),
    name: z.optional(text(200)),
  }),
  z.strictObject({ kind: z.literal('text'), name: z.optional(text(200)), content: z.unknown() }),
])

/** The texts are looked at while they are read. */
const form = z.strictObject({
  type: z._default(z.enum(queryTypes), 'general'),
  priority: z._default(z.enum(queryPriorities), 'medium'),
  title: text(200),
  text: z.unknown(),
  tags: z._default(z.array(text(50)).check(z.maxLength(20)), []),
  deadlineMs: z.optional(z.int().check(z.positive())),
  context: z._default(z.record(text(200), z.string()), {}),
  constraints: z._default(z.array(text(1_000)).check(z.maxLength(50)), []),
  attachments: z._default(z.array(attachment).check(z.maxLength(32)), []),
  idempotencyKey: z.optional(text(200)),
})

export type CheckedQuery = Required<Omit<NewQuery, 'deadlineMs' | 'idempotencyKey'>> &
  Pick<NewQuery, 'deadlineMs' | 'idempotencyKey'>

/** @throws QUERY_INVALID, QUERY_TOO_LARGE, QUERY_DEADLINE */
export function checkQuery(query: NewQuery, nowMs: number): CheckedQuery {
  const result = form.safeParse(query)
  if (!result.success) {
    const [issue] = result.error.issues
    const isLarge = issue?.code === 'too_big'
    throw new PlimsollError(
      isLarge ? 'QUERY_TOO_LARGE' : 'QUERY_INVALID',
      `the query is ${isLarge ? 'over its limits' : 'not sound'}: ${issue?.path.join('.') || 'it'}: ${issue?.message}`,
    )
  }
  const { deadlineMs, context } = result.data
  if (deadlineMs !== undefined && deadlineMs <= nowMs) throw deadlinePassed(query.title, deadlineMs)
  const contextLength = JSON.stringify(context).length
  if (contextLength > longestInline)
    throw new PlimsollError(
      'QUERY_TOO_LARGE',
      `the context has ${contextLength} characters, at most ${longestInline} are kept: attach what is longer as a text`,
    )
  const tags = [...new Set(result.data.tags.map((tag) => tag.toLowerCase()))]
  return { ...result.data, tags } as CheckedQuery
}

export const deadlinePassed = (title: string, deadlineMs: number): PlimsollError =>
  new PlimsollError(
    'QUERY_DEADLINE',
    `the deadline of ${JSON.stringify(title)} was ${new Date(deadlineMs).toISOString()}: it is not asked any more`,
  )

export type Limits = {
  /** Hours that a query stays in memory; it stays stored until pruned. Default 24. */
  readonly queryTtlHours: number
  /** Queries in memory; the least recently used leaves first, and none is lost. Default 1,000. */
  readonly maxCachedQueries: number
  /** Memory that they may take together, in MiB. Default 64. */
  readonly maxCachedMb: number
  /** The longest text that is stored, in MiB. Default 1,024. */
  readonly maxTextMb: number
  /** Submitted queries that wait at once. Default 10,000. */
  readonly maxWaitingQueries: number
  /** Consultations at once. Default 5. */
  readonly maxConcurrentQueries: number
}

const defaults = {
  ...defaultOptions.queries,
  maxCachedMb: 64,
  maxTextMb: 1_024,
  maxWaitingQueries: 10_000,
  maxConcurrentQueries: defaultOptions.experts.maxConcurrentQueries,
}
export const limitNames: Names<Limits> = {
  queryTtlHours: true,
  maxCachedQueries: true,
  maxCachedMb: true,
  maxTextMb: true,
  maxWaitingQueries: true,
  maxConcurrentQueries: true,
}
const ranges: Readonly<Record<keyof Limits, readonly [least: number, most: number]>> = {
  queryTtlHours: [0.001, 87_600],
  maxCachedQueries: [1, 1_000_000],
  maxCachedMb: [1, 1_048_576],
  maxTextMb: [1, 1_048_576],
  maxWaitingQueries: [1, 1_000_000],
  maxConcurrentQueries: [1, 1_000],
}

/** @throws OPTION_INVALID, naming every wrong one. */
export function checkLimits(given: Partial<Limits>): Limits {
  const wrong: string[] = []
  const limits = { ...defaults }
  for (const option of Object.keys(defaults) as (keyof Limits)[]) {
    const value = given[option] ?? defaults[option]
    const [least, most] = ranges[option]
    const isWhole = option === 'queryTtlHours' || Number.isInteger(value)
    if (isWhole && value >= least && value <= most) limits[option] = value
    else
      wrong.push(
        `${option} is ${value}, expected a ${option === 'queryTtlHours' ? '' : 'whole '}number from ${least} to ${most}`,
      )
  }
  if (wrong.length > 0) throw new PlimsollError('OPTION_INVALID', wrong.join('; '))
  return limits
}

/** @throws QUERY_INVALID */
export function checkPage(option: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new PlimsollError('QUERY_INVALID', `${option} is ${value}, expected a whole number from 1 to ${most}`)
}
