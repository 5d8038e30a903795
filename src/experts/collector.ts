/** Keeps what rules and marks found in a log: of each rule, and of each kind of mark, the first few places and the last few. */
import type { LogFindings, Most } from './findings.ts'
import { type KeptLine, KeptLines, noSlot } from './kept-lines.ts'
import { eachKind, headBytes, mostMarks, withHead, withText } from './kept-marks.ts'
import { longestKept, shortened, shortenedToCite } from './kept-text.ts'
import { warningLines } from './line-kinds.ts'
import { LinePool } from './line-pool.ts'
import { type Phrase, parsePhrase } from './phrase.ts'
import { longestLine, plainLogLine } from './plain-line.ts'
import type { Reading } from './reading.ts'
import type { Readings } from './readings.ts'
import { weights } from './score.ts'
import { isInformation } from './severity.ts'
import { isOfRecord, stampBytes } from './stamp.ts'
import type { Log, Mark, Rule } from './words.ts'

/** Of what comes more often than twice this, the first and the last are kept, of warnings apart: of one log a diagnosis looks at 1,024 of a kind. */
const mostOfARule = 3
/** Of warnings: they seldom tell why. */
const mostSoft = 1

/** Begins anew with each log: what it is made of is made once. */
export class Collector {
  readonly #lines = new LinePool(longestLine)
  readonly #heads = new LinePool(headBytes)
  readonly #byRule = new Map<Rule, LinesOfRule>()
  /** Of this log, in the order in which they were found. */
  #rules = new Map<Rule, LinesOfRule>()
  readonly #marks: Readonly<Record<Mark['kind'], KeptLines>>

  /** The line that is added. */
  #bytes: Uint8Array = new Uint8Array(0)
  /** Where it is kept, once it is. */
  #slot = noSlot
  #headSlot = noSlot

  /** The last line that is no part of an exception. */
  readonly #record: { line: number; reading: Reading | null; bytes: number } = {
    line: 0,
    reading: null,
    bytes: 0,
  }
  /** Its first bytes: what is read of a line may be what another of its shape said, at another time. */
  readonly #recordHead = new Uint8Array(stampBytes)

  /** Where CMake last began to warn. */
  #warned = Number.NEGATIVE_INFINITY

  constructor() {
    this.#marks = eachKind(
      (kind) => new KeptLines(mostMarks[kind], withHead.has(kind) ? this.#heads : this.#lines),
    )
  }

  begin(): void {
    this.#lines.clear()
    this.#heads.clear()
    for (const { hard, soft } of this.#byRule.values()) {
      hard.clear()
      soft.clear()
    }
    for (const kept of Object.values(this.#marks)) kept.clear()
    this.#rules = new Map()
    this.#slot = noSlot
    this.#headSlot = noSlot
    this.#record.line = 0
    this.#record.reading = null
    this.#warned = Number.NEGATIVE_INFINITY
  }

  /** @param bytes of the line, or of a window of it where it is long. They are copied. */
  add(line: number, bytes: Uint8Array, reading: Reading): void {
    this.#bytes = bytes
    if (reading.cmake !== null) this.#warned = reading.cmake === 'warning' ? line : Number.NEGATIVE_INFINITY
    for (const { kind, phrase } of reading.marks) this.#mark(kind, line, phrase)
    for (const { rule, phrase } of reading.rules)
      this.#keep(rule, line, phrase, this.#isSoft(line, reading, rule))
    this.#forget()
    if (reading.isOfException) return
    this.#record.line = line
    this.#record.reading = reading
    this.#record.bytes = Math.min(stampBytes, bytes.length)
    this.#recordHead.set(bytes.subarray(0, stampBytes))
  }

  /** A line is marked once. */
  #mark(kind: Mark['kind'], line: number, phrase: Phrase): void {
    const kept = this.#marks[kind]
    if (kept.last?.line !== line) kept.add(line, this.#slotFor(kind), phrase, false)
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

  /** The exception after a warning, and what caused it, are of that warning; what is a fact is no part of lesser news. */
  #isSoft(line: number, reading: Reading, { depth }: Rule): boolean {
    if (reading.isSoft) return true
    if (line - this.#warned <= warningLines && reading.isIndented) return true
    const { line: since, reading: record, bytes } = this.#record
    if (record === null || line <= since) return false
    if (line > since + reading.linesAfterRecord || !record.isSoft) return false
    return (
      isOfRecord(this.#bytes, this.#recordHead.subarray(0, bytes)) &&
      !(depth === 'fact' && isInformation(record.whole))
    )
  }

  /** A line counts once for a rule, by its longest phrase. */
  #keep(rule: Rule, line: number, phrase: Phrase, soft: boolean): void {
    let ofRule = this.#rules.get(rule)
    if (ofRule === undefined) {
      ofRule = this.#byRule.get(rule) ?? linesOfRule(this.#lines)
      this.#byRule.set(rule, ofRule)
      this.#rules.set(rule, ofRule)
    }
    const kept = soft ? ofRule.soft : ofRule.hard
    const { last } = kept
    if (last?.line !== line) kept.add(line, this.#wholeSlot(), phrase, soft)
    else if (last.phrase.length < phrase.length) kept.replaceLast(this.#wholeSlot(), phrase, soft)
  }

  /** As far as it is remembered: the first lines and the last ones. */
  readonly isTrouble = (line: number): boolean =>
    this.#marks.trouble.items.some((place) => place.line === line)

  pass(line: number): void {
    this.#marks.passed.add(line, noSlot, noPhrase, false)
  }

  /** @param readings by which the lines were read that were added. */
  result(log: Log, most: Most, readings: Readings): Pick<LogFindings, 'findings' | 'marks' | 'longBytes'> {
    const lines = this.#lines
    const heads = this.#heads
    const bytes = lines.bytesOfLines(longestKept)
    const isMuch = bytes > most.longBytes
    const textOf = memoized((slot) => plainLogLine(lines.bytes(slot)), isShort)
    const headOf = memoized((slot) => plainLogLine(heads.bytes(slot)), isShort)
    const exactly = memoized((slot) => said(readings.exactly(lines.bytes(slot))))
    const headSaid = memoized((slot) => said(readings.exactly(heads.bytes(slot))))
    /** Of a line that was taken to say it; longer ones than are kept of these were read. */
    const isSo = (kind: Mark['kind'], slot: number): boolean => {
      if (readings.isExact) return true
      if (kind === 'trouble') return exactly(slot).marks.includes(kind)
      if (kind !== 'failure' || heads.bytes(slot).length >= headBytes) return true
      return headSaid(slot).marks.includes(kind)
    }
    const marks = eachKind((kind) =>
      endsOf(this.#marks[kind].items, most.marks)
        .filter(({ slot }, index, all) => isAmongMany(kind, index, all.length) || isSo(kind, slot))
        .map(({ line, slot, phrase }) => {
          const text = slot === noSlot ? '' : withHead.has(kind) ? headOf(slot) : textOf(slot)
          const shorter = kind === 'trouble' || kind === 'end' ? shortenedToCite : shortened
          return { log, line, whole: isMuch ? shorter(text, phrase.literal) : text, phrase }
        }),
    )
    const found = new Map(
      [...this.#rules].map(([rule, { hard, soft }]) => {
        const items = inOrder([...hard.items, ...soft.items])
        return [
          rule,
          readings.isExact ? items : items.flatMap((one) => confirmed(one, rule, exactly(one.slot))),
        ]
      }),
    )
    const strong = strongest(found, most.findings)
    return {
      marks,
      findings: [...found].flatMap(([rule, items]) =>
        items.filter(strong).map(({ line, slot, phrase, soft }) => {
          const text = textOf(slot)
          const whole = isMuch ? shortenedToCite(text, phrase.literal) : text
          return { log, line, whole, rule, phrase, at: text.toLowerCase().indexOf(phrase.literal), soft }
        }),
      ),
      longBytes: isMuch ? 0 : bytes,
    }
  }
}

/** Warnings come often and may not take the place of what weighs more. */
type LinesOfRule = { readonly hard: KeptLines; readonly soft: KeptLines }
const linesOfRule = (pool: LinePool): LinesOfRule => ({
  hard: new KeptLines(mostOfARule, pool),
  soft: new KeptLines(mostSoft, pool),
})

const inOrder = (lines: readonly KeptLine[]): readonly KeptLine[] =>
  lines.toSorted((left, right) => left.line - right.line)

/** Where a log has so many signs of failure, those at its ends tell where it failed: the others may be as they seem. */
const isAmongMany = (kind: Mark['kind'], index: number, length: number): boolean =>
  kind === 'failure' && index >= fewMarks && index < length - fewMarks
const fewMarks = 32

const noPhrase = parsePhrase('')

/** What is made of a line is asked for again by all that was found in it. */
function memoized<Value>(
  of: (slot: number) => Value,
  isKept: (value: Value) => boolean = () => true,
): (slot: number) => Value {
  const values = new Map<number, Value>()
  return (slot) => {
    const value = values.get(slot) ?? of(slot)
    if (isKept(value)) values.set(slot, value)
    return value
  }
}

const isShort = ({ length }: string): boolean => length <= longestKept

/** Less the text. */
type Said = Pick<Reading, 'rules' | 'isSoft'> & { readonly marks: readonly Mark['kind'][] }
const said = ({ rules, isSoft, marks }: Reading): Said => ({
  rules,
  isSoft,
  marks: marks.map(({ kind }) => kind),
})

/** The line as it is found by itself, if it is. */
function confirmed(line: KeptLine, rule: Rule, { rules, isSoft }: Said): readonly KeptLine[] {
  const found = rules.find((other) => other.rule === rule)
  return found === undefined ? [] : [{ ...line, phrase: found.phrase, soft: line.soft || isSoft }]
}

/** Whether a line is one of those that say most, so that at most so many are. */
function strongest(found: ReadonlyMap<Rule, readonly KeptLine[]>, most: number): (line: KeptLine) => boolean {
  const all = [...found.values()].flat()
  if (all.length <= most) return () => true
  const strengths = new Map<KeptLine, number>()
  for (const [{ depth = 'root' }, items] of found)
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
