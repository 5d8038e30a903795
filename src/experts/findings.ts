/** Reads logs and keeps what rules and marks found in them: of each rule the first few places and the last few. */
import { bytesOfText } from './bytes-of-text.ts'
import { type QuietRecord, Tail } from './going-on.ts'
import { type KeptLine, KeptLines, noSlot } from './kept-lines.ts'
import { longestKept, shortened, shortenedToCite } from './kept-text.ts'
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
  warningLines,
} from './line-kinds.ts'
import { LinePool } from './line-pool.ts'
import { LineScanner } from './line-scanner.ts'
import { type Phrase, parsePhrase } from './phrase.ts'
import { isOfScript, longestLine, plainLogLine, withoutPrefix } from './plain-line.ts'
import { type Candidate, fits, type RuleBook, type SeenLine } from './rule-book.ts'
import { weights } from './score.ts'
import { isSoft } from './severity.ts'
import type { Log, Mark, Rule } from './words.ts'

export type Place = {
  readonly log: Log
  readonly line: number
  /**
   * As it was written, less colours; at most 4,096 characters; not masked, unless it is long, there were many such lines,
   * and it was shortened. Of marks that only tell a line, ''.
   */
  readonly whole: string
  /** The words for which it is kept, where it is for words. */
  readonly phrase?: Phrase
}

export type Finding = Place & {
  readonly rule: Rule
  readonly phrase: Phrase
  /** Where in the line its words stand, in characters. */
  readonly at: number
  /** The line is a warning, or says that it will be tried again. */
  readonly soft: boolean
}

/** Of one log: what rules found, and the lines of each kind of mark, in order. */
export type LogFindings = {
  readonly findings: readonly Finding[]
  readonly marks: Readonly<Record<Mark['kind'], readonly Place[]>>
  /** The last records without trouble. */
  readonly quiet: readonly QuietRecord[]
  /** Its last line says that all is done, and no rule finds anything in it. */
  readonly isDone: boolean
  /** Of the whole log, as far as it is known. */
  readonly lines: number
  /** In what is kept of lines that are longer than `longestKept`, about. */
  readonly longBytes: number
}

/** What may be kept of a log once it is read: findings, marks of each kind, and bytes of long lines before all of them are shortened. */
export type Most = { readonly findings: number; readonly marks: number; readonly longBytes: number }

/** Of what comes more often than twice this, the first and the last are kept. */
const usualLineBytes = 80
const mostOfARule = 4
const mostMarks = {
  end: 1_000,
  verdict: 1,
  placed: 200,
  pod: 200,
  failure: 1_000,
  trouble: 200,
  success: 1,
  passed: 1,
  recovered: 1,
  ignored: 200,
  retry: 200,
  cleanup: 200,
  migrating: 200,
  step: 200,
} as const satisfies Record<Mark['kind'], number>

/** Of these the text is cited, or read from end to end; */
const withText: ReadonlySet<Mark['kind']> = new Set<Mark['kind']>([
  'end',
  'verdict',
  'placed',
  'pod',
  'trouble',
])
/** of these so many bytes are enough: the time, who wrote it, a level. Of the others only the line is asked for. */
const withHead: ReadonlySet<Mark['kind']> = new Set<Mark['kind']>(['failure'])
const headBytes = 1_024

const eachKind = <Value>(of: (kind: Mark['kind']) => Value): Record<Mark['kind'], Value> => ({
  end: of('end'),
  verdict: of('verdict'),
  placed: of('placed'),
  pod: of('pod'),
  failure: of('failure'),
  trouble: of('trouble'),
  success: of('success'),
  passed: of('passed'),
  recovered: of('recovered'),
  ignored: of('ignored'),
  retry: of('retry'),
  cleanup: of('cleanup'),
  migrating: of('migrating'),
  step: of('step'),
})

export type Looking = {
  readonly book: RuleBook
  /** For one log at a time. */
  readonly collector: Collector
  /** Told of each line that is looked at. */
  readonly onLine?: ((line: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** @throws what reading the log throws, and the signal's reason. */
export async function findIn(
  log: Log,
  { book, collector: found, onLine, signal }: Looking,
  most: Most,
): Promise<LogFindings> {
  found.begin(onLine)
  const scanner = new LineScanner(book.literals, (line, bytes, words) => found.look(line, bytes, words, book))
  const tail = new Tail()
  for await (const chunk of bytesOfText(log.chunks)) {
    signal?.throwIfAborted()
    scanner.push(chunk)
    tail.push(chunk)
  }
  scanner.end()
  const { skippedAfterBytes = 0 } = log
  if (tail.isOk && skippedAfterBytes === 0) found.pass(scanner.line)
  const quiet = skippedAfterBytes > 0 ? [] : tail.quietRecords(scanner.line, found.isTrouble)
  const doneLine = skippedAfterBytes > 0 ? null : tail.doneLine(scanner.line)
  const lines = scanner.line + Math.round(skippedAfterBytes / usualLineBytes)
  const result = found.result(log, most)
  const isDone = doneLine !== null && result.findings.every(({ line }) => line < doneLine)
  return { ...result, quiet, isDone, lines }
}

/** Lines that were looked at in this process. */
let seenLines = 0

/** Keeps what is found in a log, and begins anew with the next: what it is made of is made once. */
export class Collector {
  readonly #lines = new LinePool(longestLine)
  readonly #heads = new LinePool(headBytes)
  readonly #byRule = new Map<Rule, KeptLines>()
  /** Of this log, in the order in which they were found. */
  #rules = new Map<Rule, KeptLines>()
  readonly #marks: Readonly<Record<Mark['kind'], KeptLines>>

  #onLine: ((line: string) => void) | undefined

  /** The line that is looked at. */
  #bytes: Uint8Array = new Uint8Array(0)
  /** Where it is kept, once it is. */
  #slot = noSlot
  #headSlot = noSlot

  /** The last line that was looked at and is no part of an exception. */
  readonly #record = { line: 0, whole: '' }

  /** The line that was last asked whether it is soft, and the answer. */
  readonly #weighed = { line: 0, isSoft: false }

  /** Where CMake last began to warn. */
  #warned = Number.NEGATIVE_INFINITY

  constructor() {
    this.#marks = eachKind(
      (kind) => new KeptLines(mostMarks[kind], withHead.has(kind) ? this.#heads : this.#lines),
    )
  }

  begin(onLine?: (line: string) => void): void {
    this.#onLine = onLine
    this.#lines.clear()
    this.#heads.clear()
    for (const kept of this.#byRule.values()) kept.clear()
    for (const kept of Object.values(this.#marks)) kept.clear()
    this.#rules = new Map()
    this.#slot = noSlot
    this.#headSlot = noSlot
    this.#record.line = 0
    this.#weighed.line = 0
    this.#record.whole = ''
    this.#warned = Number.NEGATIVE_INFINITY
  }

  look(line: number, bytes: Uint8Array, found: readonly number[], book: RuleBook): void {
    const whole = plainLogLine(bytes)
    this.#onLine?.(whole)
    const words = withoutPrefix(whole)
    const lowerWhole = whole.toLowerCase()
    const lowerWords = words.length === whole.length ? lowerWhole : words.toLowerCase()
    seenLines += 1
    const seen = { serial: seenLines, whole, words, lowerWhole, lowerWords }
    this.#bytes = bytes
    // Of a long line there are several windows.
    this.#weighed.line = 0
    const isPassedTest = passedTest.test(words)
    const isQuoted = stackFrame.test(words) || fetched.test(words) || sourceLine.test(whole)
    const isFine = isPassedTest || isQuoted || isOfScript(bytes, words)
    if (ofCMake.test(words)) this.#warned = cmakeWarning.test(words) ? line : Number.NEGATIVE_INFINITY
    for (const word of found) {
      for (const candidate of book.candidates[word] ?? []) {
        const { of } = candidate
        if ('mark' in of ? !isFine || !badNews.has(of.mark.kind) : !isFine) this.#try(candidate, seen, line)
      }
    }
    this.#forget()
    if (isOfException.test(words)) return
    this.#record.line = line
    this.#record.whole = whole
  }

  #try(candidate: Candidate, seen: SeenLine, line: number): void {
    const { of, phrase } = candidate
    // A line is marked once.
    if ('mark' in of && this.#marks[of.mark.kind].last?.line === line) return
    if (!fits(candidate, seen)) return
    const { whole, words, lowerWhole } = seen
    if ('mark' in of) this.#marks[of.mark.kind].add(line, this.#slotFor(of.mark.kind), phrase, 0, false)
    else {
      const at = lowerWhole.indexOf(phrase.literal)
      this.#keep(of.rule, line, phrase, at, this.#isSoft(line, words, whole))
    }
  }

  #slotFor(kind: Mark['kind']): number {
    if (withText.has(kind)) return this.#wholeSlot()
    if (!withHead.has(kind)) return noSlot
    if (this.#headSlot === noSlot) this.#headSlot = this.#heads.hold(this.#bytes)
    return this.#headSlot
  }

  #wholeSlot(): number {
    if (this.#slot === noSlot) this.#slot = this.#lines.hold(this.#bytes)
    return this.#slot
  }

  /** Others may use what is kept of the line; nobody adds to them. */
  #forget(): void {
    if (this.#slot !== noSlot) this.#lines.release(this.#slot)
    if (this.#headSlot !== noSlot) this.#heads.release(this.#headSlot)
    this.#slot = noSlot
    this.#headSlot = noSlot
  }

  /** Several rules ask for one line. */
  #isSoft(line: number, words: string, whole: string): boolean {
    if (this.#weighed.line !== line) {
      this.#weighed.line = line
      this.#weighed.isSoft = this.#weigh(line, words, whole)
    }
    return this.#weighed.isSoft
  }

  /** The exception after a warning, and what caused it, are of that warning. */
  #weigh(line: number, words: string, whole: string): boolean {
    if (isSoft(whole)) return true
    if (line - this.#warned <= warningLines && whole.endsWith(`  ${words}`)) return true
    if (serious.test(whole.slice(0, whole.indexOf(words)))) return false
    const lines = exceptionHead.test(words) ? 1 : causedBy.test(words) ? mostFrames : 0
    return line <= this.#record.line + lines && line > this.#record.line && isSoft(this.#record.whole)
  }

  /** A line counts once for a rule, by its longest phrase. */
  #keep(rule: Rule, line: number, phrase: Phrase, at: number, soft: boolean): void {
    let kept = this.#rules.get(rule)
    if (kept === undefined) {
      kept = this.#byRule.get(rule) ?? new KeptLines(mostOfARule, this.#lines)
      this.#byRule.set(rule, kept)
      this.#rules.set(rule, kept)
    }
    const { last } = kept
    if (last?.line !== line) kept.add(line, this.#wholeSlot(), phrase, at, soft)
    else if (last.phrase.length < phrase.length) kept.replaceLast(this.#wholeSlot(), phrase, at, soft)
  }

  /** As far as it is remembered: the first lines and the last ones. */
  readonly isTrouble = (line: number): boolean =>
    this.#marks.trouble.items.some((place) => place.line === line)

  pass(line: number): void {
    this.#marks.passed.add(line, noSlot, noPhrase, 0, false)
  }

  result(log: Log, most: Most): Pick<LogFindings, 'findings' | 'marks' | 'longBytes'> {
    const lines = this.#lines
    const heads = this.#heads
    const bytes = lines.bytesOfLines(longestKept)
    const isMuch = bytes > most.longBytes
    const textOf = memoized((slot) => plainLogLine(lines.bytes(slot)))
    const headOf = memoized((slot) => plainLogLine(heads.bytes(slot)))
    const marks = eachKind((kind) =>
      endsOf(this.#marks[kind].items, most.marks).map(({ line, slot, phrase }) => {
        const text = slot === noSlot ? '' : withHead.has(kind) ? headOf(slot) : textOf(slot)
        const shorter = kind === 'trouble' || kind === 'end' ? shortenedToCite : shortened
        return { log, line, whole: isMuch ? shorter(text, phrase.literal) : text, phrase }
      }),
    )
    const strong = strongest(this.#rules, most.findings)
    return {
      marks,
      findings: [...this.#rules].flatMap(([rule, kept]) =>
        kept.items.filter(strong).map(({ line, slot, phrase, at, soft }) => {
          const text = textOf(slot)
          const whole = isMuch ? shortenedToCite(text, phrase.literal) : text
          return { log, line, whole, rule, phrase, at, soft }
        }),
      ),
      longBytes: isMuch ? 0 : bytes,
    }
  }
}

const noPhrase = parsePhrase('')

/** The last text is asked for again by all that was found in its line. */
function memoized(textOf: (slot: number) => string): (slot: number) => string {
  const texts = new Map<number, string>()
  return (slot) => {
    const text = texts.get(slot) ?? textOf(slot)
    if (text.length <= longestKept) texts.set(slot, text)
    return text
  }
}

/** Whether a line is one of those that say most, so that at most so many are. */
function strongest(found: ReadonlyMap<Rule, KeptLines>, most: number): (line: KeptLine) => boolean {
  const all = [...found.values()].flatMap(({ items }) => items)
  if (all.length <= most) return () => true
  const strengths = new Map<KeptLine, number>()
  for (const [{ depth = 'root' }, { items }] of found)
    for (const line of items) strengths.set(line, line.soft ? 0 : weights[depth])
  const strengthOf = (line: KeptLine): number => strengths.get(line) ?? 0
  all.sort((left, right) => strengthOf(right) - strengthOf(left) || right.line - left.line)
  const chosen = new Set(all.slice(0, most))
  return (line) => chosen.has(line)
}

/** The first half and the last. */
const endsOf = <Item>(items: readonly Item[], most: number): readonly Item[] =>
  items.length <= most
    ? items
    : [...items.slice(0, Math.floor(most / 2)), ...items.slice(items.length - Math.ceil(most / 2))]

/** Kinds of marks that the name of a passed test may look like. */
const badNews: ReadonlySet<Mark['kind']> = new Set<Mark['kind']>(['end', 'failure', 'trouble'])
