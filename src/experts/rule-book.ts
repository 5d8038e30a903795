import { compileLiterals, type Literals } from './literals.ts'
import { marksOfFailure } from './marks-of-failure.ts'
import { marksOfRecovery } from './marks-of-recovery.ts'
import { hasPhrase, literalOf, type Phrase, parsePhrase } from './phrase.ts'
import { rules } from './rules/rules.ts'
import { type Vocabulary, vocabularyOf } from './vocabulary.ts'
import type { Mark, Rule } from './words.ts'

/** All that is looked for, made once: what each word that the scanner finds may mean. */
export type RuleBook = {
  readonly literals: Literals
  readonly candidates: readonly (readonly Candidate[])[]
  /** Made when first asked for: some 10 ms. */
  readonly vocabulary: Vocabulary
}

export type Candidate = {
  readonly of: Meaning
  /** What it says, parsed when first asked for: most are never found. */
  readonly phrase: Phrase
}

type Meaning = ({ readonly rule: Rule } | { readonly mark: Mark }) & {
  /** Whether what it does not mean stands in the line. */
  readonly isExcused: (line: SeenLine) => boolean
}

class LazyCandidate implements Candidate {
  readonly of: Meaning
  readonly #text: string
  readonly #anyCase: boolean | undefined
  #phrase: Phrase | undefined

  constructor(of: Meaning, text: string, anyCase: boolean | undefined) {
    this.of = of
    this.#text = text
    this.#anyCase = anyCase
  }

  get phrase(): Phrase {
    this.#phrase ??= parsePhrase(this.#text, this.#anyCase)
    return this.#phrase
  }
}

let book: RuleBook | undefined

/** The rules and marks of the project. Some 30 to 80 ms the first time. */
export const ruleBook = (): RuleBook =>
  (book ??= compileRules(rules, [...marksOfFailure, ...marksOfRecovery]))

function compileRules(rules: readonly Rule[], marks: readonly Mark[]): RuleBook {
  const byLiteral = new Map<string, Candidate[]>()
  const add = (of: Meaning, { phrases, anyCase }: Mark | Rule): void => {
    for (const text of phrases) {
      const literal = literalOf(text)
      const candidate = new LazyCandidate(of, text, anyCase)
      const known = byLiteral.get(literal)
      if (known) known.push(candidate)
      else byLiteral.set(literal, [candidate])
    }
  }
  for (const rule of rules) add({ rule, isExcused: excuses(rule.unless) }, rule)
  for (const mark of marks) add({ mark, isExcused: excuses(mark.unless) }, mark)
  let vocabulary: Vocabulary | undefined
  return {
    literals: compileLiterals([...byLiteral.keys()]),
    candidates: [...byLiteral.values()],
    get vocabulary() {
      vocabulary ??= vocabularyOf([...rules, ...marks])
      return vocabulary
    },
  }
}

/** Parsed when first asked for, as most rules never fit; and looked for once in a line, which several phrases of a rule may fit. */
function excuses(unless: readonly string[] = []): Meaning['isExcused'] {
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

export function fits({ of, phrase }: Candidate, seen: SeenLine): boolean {
  const { whole, words, lowerWhole, lowerWords } = seen
  const says =
    hasPhrase(phrase, words, lowerWords) ||
    (!phrase.atStart && words.length !== whole.length && hasPhrase(phrase, whole, lowerWhole))
  return says && !of.isExcused(seen)
}
