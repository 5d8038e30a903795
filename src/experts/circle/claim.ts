/** What a model says of a failure: read from its answer, and held against the lines that it was shown. */
import type { JSONSchema7 } from '@ai-sdk/provider'
import * as z from 'zod/mini'
import { PlimsollError } from '../../errors.ts'
import { type CauseName, causes } from '../causes.ts'
import type { ShownLine } from './exhibit.ts'
import type { CitedLine, Claim } from './words.ts'

const causeNames = Object.keys(causes) as CauseName[]
const certainties = ['low', 'medium', 'high'] as const
const mostEvidence = 10
const mostNext = 10
/** A shorter quote is found in any line; shorter lines are quoted whole. */
const shortestQuote = 6

const text = (most: number) => z.string().check(z.maxLength(most))
const form = z.object({
  cause: z.enum([...causeNames, 'unknown']),
  explanation: text(10_000),
  evidence: z.array(z.object({ line: z.int(), quote: text(10_000) })).check(z.maxLength(100)),
  next: z.array(text(10_000)).check(z.maxLength(100)),
  sure: z.enum(certainties),
})

const strict = (properties: Record<string, JSONSchema7>): JSONSchema7 => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
})

/** For servers that hold a model to a schema. */
export const claimSchema: JSONSchema7 = strict({
  cause: { type: 'string', enum: [...causeNames, 'unknown'] },
  explanation: { type: 'string' },
  evidence: { type: 'array', items: strict({ line: { type: 'integer' }, quote: { type: 'string' } }) },
  next: { type: 'array', items: { type: 'string' } },
  sure: { type: 'string', enum: [...certainties] },
})

/** @throws EXPERT_ANSWER_MALFORMED */
export function claimOf(answer: string, expert: string, shown: readonly ShownLine[]): Claim {
  const result = form.safeParse(jsonIn(answer, expert))
  if (!result.success) {
    const [issue] = result.error.issues
    throw malformed(
      expert,
      `is not in the schema: ${issue?.path.join('.') || 'the answer'}: ${issue?.message}`,
    )
  }
  const { cause, explanation, evidence, next, sure } = result.data
  const cited = evidence.slice(0, mostEvidence).map(({ line, quote }) => citedLine(line, quote, shown))
  const isKnown = cause !== 'unknown'
  return {
    cause: isKnown ? cause : null,
    explanation,
    evidence: cited,
    next: next.slice(0, mostNext),
    certainty: sure,
    isUnsupported: isKnown && !cited.some(({ supported }) => supported),
  }
}

/** Models like to put a fence or a sentence around it. */
function jsonIn(answer: string, expert: string): unknown {
  try {
    return JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1))
  } catch (cause) {
    throw malformed(expert, `is not JSON`, { cause })
  }
}

const malformed = (expert: string, how: string, options?: ErrorOptions): PlimsollError =>
  new PlimsollError('EXPERT_ANSWER_MALFORMED', `the answer of ${expert} ${how}`, options)

function citedLine(number: number, quote: string, shown: readonly ShownLine[]): CitedLine {
  const line = shown[number - 1]
  const said = plain(quote)
  const there = line === undefined ? '' : plain(line.text)
  const isQuoted = said.length >= Math.min(shortestQuote, there.length) && there.includes(said)
  if (line === undefined || said === '' || !isQuoted)
    return { log: line?.log ?? '', line: null, text: quote.slice(0, 300), supported: false }
  return { ...line, supported: true }
}

const plain = (line: string): string => line.replaceAll(/\s+/g, ' ').trim()
