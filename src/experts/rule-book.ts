import { compileLiterals, type Literals } from './literals.ts'
import { marksOfFailure } from './marks-of-failure.ts'
import { marksOfRecovery } from './marks-of-recovery.ts'
import { hasPhrase, type Phrase, parsePhrase } from './phrase.ts'
import { rules } from './rules/rules.ts'
import type { Mark, Rule } from './words.ts'

/** All that is looked for, made once: what each word that the scanner finds may mean. */
export type RuleBook = { readonly literals: Literals; readonly candidates: readonly (readonly Candidate[])[] }

export type Candidate = {
  readonly of: { readonly rule: Rule } | { readonly mark: Mark }
  readonly phrase: Phrase
  /** Whether what the rule does not mean stands in the line. */
  readonly isExcused: (line: SeenLine) => boolean
}

let book: RuleBook | undefined

/** The rules and marks of the project. Some 25 ms the first time. */
export const ruleBook = (): RuleBook =>
  (book ??= compileRules(rules, [...marksOfFailure, ...marksOfRecovery]))

function compileRules(rules: readonly Rule[], marks: readonly Mark[]): RuleBook {
  const byLiteral = new Map<string, Candidate[]>()
  const add = (of: Candidate['of'], { phrases, unless = [], anyCase }: Mark | Rule): void => {
    const isExcused = excuses(unless)
    for (const text of phrases) {
      const phrase = parsePhrase(text, anyCase)
      const candidate = { of, phrase, isExcused }
      const known = byLiteral.get(phrase.literal)
      if (known) known.push(candidate)
      else byLiteral.set(phrase.literal, [candidate])
    }
  }
  for (const rule of rules) add({ rule }, rule)
  for (const mark of marks) add({ mark }, mark)
  return { literals: compileLiterals([...byLiteral.keys()]), candidates: [...byLiteral.values()] }
}

/** Parsed when first asked for, as most rules never fit; and looked for once in a line, which several phrases of a rule may fit. */
function excuses(unless: readonly string[]): Candidate['isExcused'] {
  if (unless.length === 0) return () => false
  let phrases: readonly Phrase[] | undefined
  let last = 0
  let isExcused = false
  return ({ serial, whole, lowerWhole }) => {
    if (serial === last) return isExcused
    phrases ??= unless.map((other) => parsePhrase(other, true))
    last = serial
    isExcused = phrases.some((other) => hasPhrase(other, whole, lowerWhole))
    return isExcused
  }
}

/** A line in the ways in which it is looked at, made once. */
export type SeenLine = {
  /** No two lines of this process have the same. */
  readonly serial: number
  readonly whole: string
  /** Less what stands before its writer's own words. */
  readonly words: string
  readonly lowerWhole: string
  readonly lowerWords: string
}

export function fits({ phrase, isExcused }: Candidate, seen: SeenLine): boolean {
  const { whole, words, lowerWhole, lowerWords } = seen
  const says =
    hasPhrase(phrase, words, lowerWords) ||
    (!phrase.atStart && words.length !== whole.length && hasPhrase(phrase, whole, lowerWhole))
  return says && !isExcused(seen)
}
