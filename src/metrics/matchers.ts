/**
 * Matchers of labels, as in Prometheus: a label that is not there has the empty value, and a regular expression matches the
 * whole value (its dot also a newline, as since Prometheus 3). Expressions are of RE2's syntax and answer in time that
 * grows with pattern times value, so that none can hang the process; the price is that look-around and references to
 * groups do not exist.
 */
import { messageOf, PlimsollError } from '../errors.ts'
import type { Matcher, Series, SeriesQuery } from './words.ts'

/** Characters of an expression. */
const longestPattern = 1_000
/** Instructions of its program: a value of 4,096 characters is then answered in less than half a second at the worst. */
const largestProgram = 4_000
/** Each series is put to each of them. */
const mostMatchers = 50

export type SeriesTest = (series: Series) => boolean
type ValueTest = (value: string) => boolean

/**
 * What of the series a query means: its name, its labels and all of its matchers.
 * @throws METRIC_QUERY_INVALID
 */
export async function compileSelector(query: SeriesQuery): Promise<SeriesTest> {
  const { name, labels = {}, matchers = [] } = query
  const named: readonly Matcher[] = name === undefined ? [] : [{ label: '__name__', op: '=', value: name }]
  const equal = Object.entries(labels).map(([label, value]): Matcher => ({ label, op: '=', value }))
  const all = [...named, ...equal, ...matchers]
  if (all.length > mostMatchers)
    throw new PlimsollError(
      'METRIC_QUERY_INVALID',
      `${all.length} matchers; at most ${mostMatchers} are allowed`,
    )
  const tests = await Promise.all(
    all.map(async (matcher) => ({ label: matcher.label, test: await testOf(matcher) })),
  )
  return (series) => tests.every(({ label, test }) => test(labelOf(series, label)))
}

const labelOf = ({ name, labels }: Series, label: string): string =>
  label === '__name__' ? name : Object.hasOwn(labels, label) ? (labels[label] ?? '') : ''

async function testOf({ label, op, value }: Matcher): Promise<ValueTest> {
  switch (op) {
    case '=':
      return (actual) => actual === value
    case '!=':
      return (actual) => actual !== value
    case '=~':
      return compileExpression(label, value)
    case '!~': {
      const matches = await compileExpression(label, value)
      return (actual) => !matches(actual)
    }
    default:
      throw new PlimsollError(
        'METRIC_QUERY_INVALID',
        `${JSON.stringify(op satisfies never)} of the label ${JSON.stringify(label)} is none of =, !=, =~ and !~`,
      )
  }
}

async function compileExpression(label: string, pattern: string): Promise<ValueTest> {
  const refuse = (why: string, cause?: unknown): PlimsollError =>
    new PlimsollError(
      'METRIC_QUERY_INVALID',
      `the regular expression ${JSON.stringify(pattern.slice(0, 80))} of the label ${JSON.stringify(label)} ${why}`,
      { cause },
    )
  if (pattern.length > longestPattern)
    throw refuse(`has ${pattern.length} characters; at most ${longestPattern} are allowed`)
  // Loaded only when used.
  const { RE2JS } = await import('re2js')
  const compile = () => {
    try {
      return RE2JS.compile(pattern, RE2JS.DOTALL)
    } catch (cause) {
      throw refuse(`cannot be read: ${messageOf(cause)}`, cause)
    }
  }
  const expression = compile()
  if (expression.programSize() > largestProgram)
    throw refuse(`is too large: ${expression.programSize()} steps, at most ${largestProgram} are allowed`)
  return (actual) => expression.testExact(actual)
}

const written = /^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|[\s\S]*)$/

/**
 * `code=~"5.."` or `code=500`, as typed; a value in quotes knows \\, \" and \n.
 * @throws METRIC_QUERY_INVALID
 */
export function parseMatcher(text: string): Matcher {
  const [, label, op, value] = written.exec(text) ?? []
  if (label === undefined || value === undefined)
    throw new PlimsollError(
      'METRIC_QUERY_INVALID',
      `${JSON.stringify(text)} is no matcher; expected LABEL=VALUE, LABEL!=VALUE, LABEL=~EXPRESSION or LABEL!~EXPRESSION`,
    )
  return { label, op: op as Matcher['op'], value: value.startsWith('"') ? unquoted(value) : value }
}

const unquoted = (text: string): string =>
  text.length < 2 || !text.endsWith('"')
    ? text
    : text.slice(1, -1).replace(/\\([\s\S])/g, (both, next: string) => {
        if (next === 'n') return '\n'
        return next === '"' || next === '\\' ? next : both
      })
