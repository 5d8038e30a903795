/** Reads logs and keeps what rules and marks found in them: of each rule the first few places and the last few. */
import { bytesOfText } from './bytes-of-text.ts'
import { type QuietRecord, Tail } from './going-on.ts'
import { LineScanner } from './line-scanner.ts'
import type { Phrase } from './phrase.ts'
import { isOfScript, plainLogLine, withoutPrefix } from './plain-line.ts'
import { type Candidate, fits, type RuleBook, type SeenLine } from './rule-book.ts'
import { isSoft } from './severity.ts'
import type { Log, Mark, Rule } from './words.ts'

export type Place = {
  readonly log: Log
  readonly line: number
  /** As it was written, less colours; at most 4,096 characters; not masked. */
  readonly whole: string
  /** The words for which it is kept, where it is for words. */
  readonly phrase?: Phrase
}

export type Finding = Place & {
  readonly rule: Rule
  readonly phrase: Phrase
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
}

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

/** Keeps the first and the last of what comes. */
class Ends<Item> {
  readonly #most: number
  readonly #first: Item[] = []
  readonly #last: Item[] = []

  constructor(most: number) {
    this.#most = most
  }

  add(item: Item): void {
    if (this.#first.length < this.#most) this.#first.push(item)
    else {
      this.#last.push(item)
      if (this.#last.length >= 2 * this.#most) this.#last.splice(0, this.#most)
    }
  }

  replaceLast(item: Item): void {
    const part = this.#last.length > 0 ? this.#last : this.#first
    part[part.length - 1] = item
  }

  get last(): Item | undefined {
    return this.#last.at(-1) ?? this.#first.at(-1)
  }

  get items(): readonly Item[] {
    return [...this.#first, ...this.#last.slice(-this.#most)]
  }
}

/** @throws what reading the log throws, and the signal's reason. */
export async function findIn(log: Log, book: RuleBook, signal?: AbortSignal): Promise<LogFindings> {
  const found = new Collector(log)
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
  const result = found.result()
  const isDone = doneLine !== null && result.findings.every(({ line }) => line < doneLine)
  return { ...result, quiet, isDone, lines }
}

class Collector {
  readonly #log: Log
  readonly #rules = new Map<Rule, Ends<Finding>>()
  readonly #marks: Readonly<Record<Mark['kind'], Ends<Place>>> = eachKind((kind) => new Ends(mostMarks[kind]))

  /** The last line that was looked at and is no part of an exception. */
  readonly #record = { line: 0, whole: '' }

  /** Where CMake last began to warn. */
  #warned = Number.NEGATIVE_INFINITY

  constructor(log: Log) {
    this.#log = log
  }

  look(line: number, bytes: Uint8Array, found: readonly number[], book: RuleBook): void {
    const whole = plainLogLine(bytes)
    const words = withoutPrefix(whole)
    const lowerWhole = whole.toLowerCase()
    const lowerWords = words.length === whole.length ? lowerWhole : words.toLowerCase()
    const seen = { whole, words, lowerWhole, lowerWords }
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
    if (isOfException.test(words)) return
    this.#record.line = line
    this.#record.whole = whole
  }

  #try(candidate: Candidate, seen: SeenLine, line: number): void {
    const { of, phrase } = candidate
    // A line is marked once.
    if ('mark' in of && this.#marks[of.mark.kind].last?.line === line) return
    if (!fits(candidate, seen)) return
    const { whole, words } = seen
    const place = { log: this.#log, line, whole, phrase }
    if ('mark' in of) this.#marks[of.mark.kind].add(place)
    else this.#keep({ ...place, rule: of.rule, soft: this.#isSoft(line, words, whole) })
  }

  /** The exception after a warning, and what caused it, are of that warning. */
  #isSoft(line: number, words: string, whole: string): boolean {
    if (isSoft(whole)) return true
    if (line - this.#warned <= warningLines && whole.endsWith(`  ${words}`)) return true
    if (serious.test(whole.slice(0, whole.indexOf(words)))) return false
    const lines = exceptionHead.test(words) ? 1 : causedBy.test(words) ? mostFrames : 0
    return line <= this.#record.line + lines && line > this.#record.line && isSoft(this.#record.whole)
  }

  /** A line counts once for a rule, by its longest phrase. */
  #keep(finding: Finding): void {
    const kept = this.#rules.get(finding.rule) ?? new Ends<Finding>(mostOfARule)
    const { last } = kept
    if (last === undefined) this.#rules.set(finding.rule, kept)
    if (last?.line !== finding.line) kept.add(finding)
    else if (last.phrase.length < finding.phrase.length) kept.replaceLast(finding)
  }

  /** As far as it is remembered: the first lines and the last ones. */
  readonly isTrouble = (line: number): boolean =>
    this.#marks.trouble.items.some((place) => place.line === line)

  pass(line: number): void {
    this.#marks.passed.add({ log: this.#log, line, whole: 'OK' })
  }

  result(): Pick<LogFindings, 'findings' | 'marks'> {
    return {
      findings: [...this.#rules.values()].flatMap((kept) => kept.items),
      marks: eachKind((kind) => this.#marks[kind].items),
    }
  }
}

/** A test that passed may have any words in its name, and one that may fail (TAP's TODO). */
const passedTest =
  /^(?:-{3} )?(?:PASS(?:ED)?\b|Passed |[✓✔√] |ok\b|\[ {0,8}(?:OK|PASSED) {0,8}\])|(?:\bPASSED|\.\.\. {0,2}(?:ok|OK|passed))(?: {0,4}[([].{0,40})?\s{0,4}$|^not ok\b.{0,300}# (?:TODO|SKIP)\b|^# {1,8}Failed \(TODO\) test\b/

/** Kinds of marks that the name of a passed test may look like. */
const badNews: ReadonlySet<Mark['kind']> = new Set<Mark['kind']>(['end', 'failure', 'trouble'])

/** CMake begins each message at the left, and tells on indented lines below what it is about. */
const ofCMake = /^(?:CMake (?:Deprecation |Developer )?(?:Warning|Error)\b|-- \S)/
const cmakeWarning = /^CMake (?:Deprecation |Developer )?Warning\b/
const warningLines = 8

/** What Java and Python print below a line of a logger. */
const exceptionHead = /^(?:[\w$]{1,60}\.){1,20}[\w$]{0,80}(?:Exception|Error)\b/
const causedBy = /^Caused by: /
const isOfException = /^(?:at |Caused by: |\.\.\. \d|(?:[\w$]{1,60}\.){1,20}[\w$]{0,80}(?:Exception|Error)\b)/
/** Lines of a stack that are left between the two, at most. */
const mostFrames = 100
/** A level of its own. */
const serious = /\b(?:ERROR|FATAL|SEVERE)\b/

/** Names of files and functions may have any words, too: JavaScript, Java, .NET. */
const stackFrame = /^at .{1,300}[:(].{0,300}\d\)?(?: \{)?$|^at .{1,200} \(native/i

/** GCC, Clang and rustc show the line of the source that they mean, with its number. */
const sourceLine = /^ {0,8}\d{1,6} {1,8}\| /

/** So are artifacts that Maven fetches: `maven-failsafe-plugin`. */
const fetched = /^Download(?:ing|ed) from [\w.-]{1,100}: http/
