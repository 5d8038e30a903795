import * as z from 'zod/mini'
import { durationForms, parseDuration, parseShare, parseSize, sizeForms } from '../units.ts'
import { show } from './problems.ts'
import { variablePattern } from './variable-names.ts'

/**
 * The single values of a plan file. All are read from text (`4` and `${N:-4}` are the same to them); what an editor
 * is told is in the metadata. The error text of every schema here says what is allowed: `check.ts` adds what was found.
 */

type Editor = { readonly description: string; readonly [keyword: string]: unknown }

function leaf<T>(allowed: string, parse: (text: string) => T | undefined, editor: Editor) {
  const value = z.transform((text: string, context): T => {
    const parsed = parse(text)
    if (parsed !== undefined) return parsed
    context.issues.push({ code: 'custom', message: allowed, input: text })
    return z.NEVER
  })
  return z.pipe(z.string({ error: allowed }), value).register(z.globalRegistry, editor)
}

const longestName = 200
const longestMs = 2 ** 31 - 1

const inRange = (value: number, min: number, max: number): number | undefined =>
  value >= min && value <= max ? value : undefined

/** Any text; numbers and booleans are taken as they are written. */
export const text = (description: string) =>
  leaf('a text', (written) => written, { description, type: ['string', 'number', 'boolean'] })

export const filledText = (description: string) =>
  leaf('a text that is not empty', (written) => (written === '' ? undefined : written), {
    description,
    type: ['string', 'number', 'boolean'],
    minLength: 1,
  })

const longestGlob = 1_000

export const glob = (description: string) =>
  leaf(
    `a glob of 1 to ${longestGlob} characters, such as src/**`,
    (written) => (written.length <= longestGlob && /^!?[^!\0][^\0]*$/.test(written) ? written : undefined),
    { description, minLength: 1, maxLength: longestGlob },
  )

export const isName = (word: string): boolean => word.length >= 1 && word.length <= longestName

export const nameForms = `a name of 1 to ${longestName} characters`

export const name = (description: string) =>
  leaf(nameForms, (written) => (isName(written) ? written : undefined), {
    description,
    type: ['string', 'number', 'boolean'],
    minLength: 1,
    maxLength: longestName,
  })

/** Neither a line break nor another control character. */
const oneLine = /^[^\p{Cc}\p{Zl}\p{Zp}]*$/u

const lineForms = (what: string): string => `${what} of 1 to ${longestName} characters in one line`

const isLine = (written: string): boolean => isName(written) && written.trim() !== '' && oneLine.test(written)

/** What stands in lines about a run: of tables, of logs, in titles. `what` is `a name`. */
export const line = (what: string, description: string) =>
  leaf(lineForms(what), (written) => (isLine(written) ? written : undefined), {
    description,
    type: ['string', 'number', 'boolean'],
    minLength: 1,
    maxLength: longestName,
    pattern: oneLine.source,
  })

/** The same for what is given beside the file: what was found and what is allowed; undefined when nothing is wrong. */
export const lineProblem = (what: string, written: string): string | undefined =>
  isLine(written) ? undefined : `is ${show(written)}, expected ${lineForms(what)}`

export const whole = (min: number, max: number, description: string) =>
  leaf(
    `a whole number from ${min} to ${max}`,
    (written) => (/^\d{1,15}$/.test(written) ? inRange(Number(written), min, max) : undefined),
    { description, type: ['integer', 'string'], minimum: min, maximum: max },
  )

export const amount = (min: number, max: number, description: string) =>
  leaf(
    `a number from ${min} to ${max}`,
    (written) => (/^\d{1,15}(\.\d{1,9})?$/.test(written) ? inRange(Number(written), min, max) : undefined),
    { description, type: ['number', 'string'], minimum: min, maximum: max },
  )

/** `0.85` or `85%`. */
export const share = (description: string) =>
  leaf(
    'a share above 0 and up to 1, such as 0.85 or 85%',
    (written) =>
      parseShare(written) ??
      (/^[01]?(\.\d{1,9})?$/.test(written) ? inRange(Number(written), 1e-9, 1) : undefined),
    { description, type: ['number', 'string'], exclusiveMinimum: 0, maximum: 1 },
  )

const flags: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
])

export const flag = (description: string) =>
  leaf('true or false', (written) => flags.get(written.toLowerCase()), {
    description,
    type: ['boolean', 'string'],
  })

/** Bytes. */
export const size = (description: string) => leaf(sizeForms, parseSize, { description })

/** Milliseconds, at least `leastMs`. */
export const duration = (leastMs: number, description: string) =>
  leaf(
    leastMs > 0 ? `${durationForms}, above 0` : durationForms,
    (written) => {
      const ms = parseDuration(written)
      return ms === undefined ? undefined : inRange(ms, leastMs, longestMs)
    },
    { description },
  )

/** One of the words. */
export const word = <const Word extends string>(words: readonly Word[], description: string) =>
  leaf(`one of ${words.join(', ')}`, (written) => words.find((known) => known === written), {
    description,
    enum: [...words],
  })

/** A share of the machine or an absolute size. */
export const budget = (description: string) =>
  leaf(
    `a share above 0% and up to 100%, or ${sizeForms}`,
    (written): { readonly share: number } | { readonly bytes: number } | undefined => {
      const part = parseShare(written)
      if (part !== undefined) return { share: part }
      const bytes = parseSize(written)
      return bytes === undefined ? undefined : { bytes }
    },
    { description },
  )

/** A map whose keys are known; the error text of an unknown key is the list of them. */
export function keys<const Shape extends z.core.$ZodShape>(shape: Shape, editor?: Editor) {
  const known = Object.keys(shape).join(', ')
  const schema = z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? known : `a map with ${known}`),
  })
  return editor === undefined ? schema : schema.register(z.globalRegistry, editor)
}

const nameKey = z.string().check(z.minLength(1), z.maxLength(longestName))

/** A map whose keys are names that people choose; `editor` says what else holds for them. */
export const named = <const Value extends z.core.$ZodType>(
  value: Value,
  description: string,
  editor: Omit<Editor, 'description'> = {},
) =>
  z
    .record(nameKey, value, { error: 'a map from names to values' })
    .register(z.globalRegistry, { description, ...editor })

/** A map whose keys are variables. */
export const variables = (value: string, description: string) =>
  named(text(value), description, { propertyNames: { pattern: variablePattern } })

export const list = <const Item extends z.core.$ZodType>(
  item: Item,
  description: string,
  allowed = 'a list',
) => z.array(item, { error: allowed }).register(z.globalRegistry, { description })

/** Either form; `allowed` names both. */
export const either = <const Forms extends readonly z.core.$ZodType[]>(
  allowed: string,
  forms: Forms,
  description: string,
) => z.union(forms, { error: allowed }).check(z.describe(description))

export const maybe = z.exactOptional
