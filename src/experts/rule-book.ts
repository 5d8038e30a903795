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
  /** Made when it is first asked for: most rules never fit. */
  readonly unless: () => readonly Phrase[]
}

let book: RuleBook | undefined

/** The rules and marks of the project. Some 25 ms the first time. */
export const ruleBook = (): RuleBook =>
  (book ??= compileRules(rules, [...marksOfFailure, ...marksOfRecovery]))

function compileRules(rules: readonly Rule[], marks: readonly Mark[]): RuleBook {
  const byLiteral = new Map<string, Candidate[]>()
  const add = (of: Candidate['of'], { phrases, unless = [], anyCase }: Mark | Rule): void => {
    let parsed: readonly Phrase[] | undefined
    const others = (): readonly Phrase[] => (parsed ??= unless.map((other) => parsePhrase(other, true)))
    for (const text of phrases) {
      const phrase = parsePhrase(text, anyCase)
      const candidate = { of, phrase, unless: others }
      const known = byLiteral.get(phrase.literal)
      if (known) known.push(candidate)
      else byLiteral.set(phrase.literal, [candidate])
    }
  }
  for (const rule of rules) add({ rule }, rule)
  for (const mark of marks) add({ mark }, mark)
  return { literals: compileLiterals([...byLiteral.keys()]), candidates: [...byLiteral.values()] }
}

/** A line in the ways in which it is looked at, made once. */
export type SeenLine = {
  readonly whole: string
  /** Less what stands before its writer's own words. */
  readonly words: string
  readonly lowerWhole: string
  readonly lowerWords: string
}

export function fits(
  { phrase, unless }: Candidate,
  { whole, words, lowerWhole, lowerWords }: SeenLine,
): boolean {
  const says =
    hasPhrase(phrase, words, lowerWords) ||
    (!phrase.atStart && words.length !== whole.length && hasPhrase(phrase, whole, lowerWhole))
  return says && !unless().some((other) => hasPhrase(other, whole, lowerWhole))
}
