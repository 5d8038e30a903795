/** What a line says, whatever stands before and after it: the rules that it fits, and how it is to be taken. */
import {
  causedBy,
  cmakeWarning,
  exceptionHead,
  fetched,
  isOfException,
  mostFrames,
  ofCMake,
  passedTest,
  serious,
  sourceLine,
  stackFrame,
} from './line-kinds.ts'
import type { Phrase } from './phrase.ts'
import { isOfScript, plainLogLine, withoutPrefix } from './plain-line.ts'
import { type Candidate, fits, type RuleBook, type SeenLine } from './rule-book.ts'
import { isSoft } from './severity.ts'
import type { Mark, Rule } from './words.ts'

/** Kinds of marks that the name of a passed test may look like. */
const badNews: ReadonlySet<Mark['kind']> = new Set<Mark['kind']>(['end', 'failure', 'trouble'])

/** Lines that were read in this process. */
let readLines = 0

export type SaidRule = { readonly rule: Rule; readonly phrase: Phrase }
export type SaidMark = { readonly kind: Mark['kind']; readonly phrase: Phrase }

export class Reading {
  /** Each rule once, by its longest phrase, in the order in which they were found. */
  readonly rules: readonly SaidRule[]
  /** Each kind once, by its first. */
  readonly marks: readonly SaidMark[]
  /** Of messages of CMake: the head of one, a warning or not. */
  readonly cmake: 'warning' | 'other' | null
  /** It is no record of its own, but belongs to one above it. */
  readonly isOfException: boolean
  /** As it was written, less colours. */
  readonly whole: string
  readonly #words: string
  #isSoft: boolean | undefined
  #linesAfterRecord: number | undefined

  constructor(bytes: Uint8Array, found: readonly number[], book: RuleBook) {
    const whole = plainLogLine(bytes)
    const words = withoutPrefix(whole)
    const { rules, marks } = fitting(bytes, { whole, words }, found, book)
    this.rules = rules
    this.marks = marks
    this.cmake = ofCMake.test(words) ? (cmakeWarning.test(words) ? 'warning' : 'other') : null
    this.isOfException = isOfException.test(words)
    this.whole = whole
    this.#words = words
  }

  /** The line is a warning, or says that it will be tried again. */
  get isSoft(): boolean {
    this.#isSoft ??= isSoft(this.whole)
    return this.#isSoft
  }

  get isIndented(): boolean {
    return this.whole.endsWith(`  ${this.#words}`)
  }

  /** As many lines after a record it belongs to it, at most: the head of an exception, and what caused one. */
  get linesAfterRecord(): number {
    this.#linesAfterRecord ??= linesAfterRecord(this.whole, this.#words)
    return this.#linesAfterRecord
  }
}

function linesAfterRecord(whole: string, words: string): number {
  if (serious.test(whole.slice(0, whole.indexOf(words)))) return 0
  return exceptionHead.test(words) ? 1 : causedBy.test(words) ? mostFrames : 0
}

function fitting(
  bytes: Uint8Array,
  { whole, words }: Pick<SeenLine, 'whole' | 'words'>,
  found: readonly number[],
  book: RuleBook,
): Pick<Reading, 'rules' | 'marks'> {
  const lowerWhole = whole.toLowerCase()
  const lowerWords = words.length === whole.length ? lowerWhole : words.toLowerCase()
  readLines += 1
  const seen = { serial: readLines, whole, words, lowerWhole, lowerWords }
  const isQuoted = stackFrame.test(words) || fetched.test(words) || sourceLine.test(whole)
  const isFine = passedTest.test(words) || isQuoted || isOfScript(bytes, words)
  const rules: SaidRule[] = []
  const marks: SaidMark[] = []
  for (const word of found) {
    for (const candidate of book.candidates[word] ?? []) {
      if ('mark' in candidate.of) addMark(marks, candidate, candidate.of.mark.kind)
      else if (!isFine) addRule(rules, candidate, candidate.of.rule)
    }
  }
  return { rules, marks }

  function addMark(marks: SaidMark[], candidate: Candidate, kind: Mark['kind']): void {
    if ((isFine && badNews.has(kind)) || marks.some((mark) => mark.kind === kind)) return
    if (kind === 'trouble' && !isText(whole)) return
    if (fits(candidate, seen)) marks.push({ kind, phrase: candidate.phrase })
  }

  function addRule(rules: SaidRule[], candidate: Candidate, rule: Rule): void {
    const { phrase } = candidate
    const at = rules.findIndex((one) => one.rule === rule)
    const known = rules[at]
    if (known === undefined) {
      if (fits(candidate, seen)) rules.push({ rule, phrase })
    } else if (phrase.length > known.phrase.length && fits(candidate, seen)) rules[at] = { rule, phrase }
  }
}

/** Where more than this share of a line is no text, words as short as `fail` are there by chance. */
const mostOdd = 1 / 5
// biome-ignore lint/suspicious/noControlCharactersInRegex: text has none of these
const controls = /[\0-\x07\x0e-\x1a\x1c-\x1f\x7f]/g

/** Letters of another encoding than UTF-8 alone are text all the same. */
function isText(line: string): boolean {
  const odd = line.match(controls)?.length ?? 0
  if (odd === 0) return true
  return odd + (line.match(/\ufffd/g)?.length ?? 0) <= mostOdd * line.length
}
