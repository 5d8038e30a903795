/** What rules and marks found in logs. */
import type { QuietRecord } from './going-on.ts'
import type { Phrase } from './phrase.ts'
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
