/**
 * Messages as tools print them, with holes: `fatal: couldn't find remote ref {ref}`.
 *
 * `{name}` is any text, `{name#}` a number, `{name@}` a word without spaces, `{name!}` a name in capitals as variables
 * of the environment have, `DATABASE_URL`; `^` at the start and `$` at the end are the ends of the line. There are no other signs, so that a message can be pasted as it is, and looking for it takes
 * time in proportion to the text, whatever the text is: no regular expression is made of it.
 */

type HoleKind = 'text' | 'number' | 'word' | 'capitals'
type Hole = { readonly name: string; readonly kind: HoleKind }
/** A hole (null before a first piece that begins the phrase) and the words after it, '' after a last hole. */
type Piece = { readonly hole: Hole | null; readonly words: string }

export type Phrase = {
  readonly pieces: readonly Piece[]
  readonly atStart: boolean
  readonly atEnd: boolean
  readonly anyCase: boolean
  /** It is a code in capitals, which stands alone. */
  readonly isCode: boolean
  /** The longest words of it without quotes, in lower case: a line without them cannot match. */
  readonly literal: string
  /** Characters of all its words. */
  readonly length: number
}

/** What the holes held. */
export type Holes = Readonly<Record<string, string>>

/** Shorter ones than `PORT` may be anything. */
const leastCapitals = 4

/** Shorter words are in most lines, and each line that has one is looked at closely. */
const leastLiteral = 3

/** As `EPIPE`, `ENFILE` and `SIGSEGV`. */
const code = /^[A-Z][A-Z\d]{3,}$/

/** How often the first words of a phrase are looked for in one line. */
const mostTries = 16

const kinds: Readonly<Record<string, HoleKind>> = { '#': 'number', '@': 'word', '!': 'capitals' }

export function parsePhrase(text: string, anyCase = false): Phrase {
  const atStart = text.startsWith('^')
  const atEnd = text.endsWith('$')
  const body = bodyOf(text)
  const parts = body.split(/\{(\w*)([#@!]?)\}/)
  const pieces: Piece[] = []
  if (parts[0] !== '') pieces.push({ hole: null, words: parts[0] ?? '' })
  for (let at = 1; at < parts.length; at += 3) {
    const hole = { name: parts[at] ?? '', kind: kinds[parts[at + 1] ?? ''] ?? 'text' }
    pieces.push({ hole, words: parts[at + 2] ?? '' })
  }
  const cased = pieces.map(({ hole, words }) => ({ hole, words: anyCase ? words.toLowerCase() : words }))
  const isCode = code.test(body)
  const length = cased.reduce((sum, { words }) => sum + words.length, 0)
  return { pieces: cased, atStart, atEnd, anyCase, isCode, literal: literalOf(text), length }
}

/** Without the signs of its ends. */
const bodyOf = (text: string): string =>
  text.slice(text.startsWith('^') ? 1 : 0, text.endsWith('$') ? -1 : undefined)

/** The `literal` of the phrase that has this text: thousands of phrases are looked for, and few are ever found. */
export function literalOf(text: string): string {
  const body = bodyOf(text)
  const isPlain = !body.includes('{') && !body.includes('"')
  return (isPlain ? body : longestOf(body.split(/\{\w*[#@!]?\}/))).toLowerCase()
}

/** JSON writes quotes with a backslash before them; what is JSON itself, or nothing without quotes, keeps them. */
function longestOf(words: readonly string[]): string {
  const longest = (parts: readonly string[]): string =>
    parts.reduce((best, part) => (part.length > best.length ? part : best), '')
  const unquoted = longest(words.flatMap((part) => (part.includes('":') ? [part] : part.split('"'))))
  return unquoted.length < leastLiteral ? longest(words) : unquoted
}

/** What the holes of the phrase hold in this line, or null when it is not there. `lower` is the line in lower case. */
export const matchPhrase = (phrase: Phrase, line: string, lower = line.toLowerCase()): Holes | null =>
  findPhrase(phrase, line, lower)?.holes ?? null

/** Where its words stand in a line: `start` is that of the first words, also where a hole comes before them. */
export type FoundPhrase = { readonly holes: Holes; readonly start: number; readonly end: number }

export const findPhrase = (phrase: Phrase, line: string, lower = line.toLowerCase()): FoundPhrase | null =>
  find(phrase, line, lower, true)

/** Whether the phrase is in this line: as `matchPhrase`, without what its holes hold. */
export const hasPhrase = (phrase: Phrase, line: string, lower: string): boolean =>
  find(phrase, line, lower, false) !== null

function find(phrase: Phrase, line: string, lower: string, isFilled: boolean): FoundPhrase | null {
  const text = phrase.anyCase ? lower : line
  const [first] = phrase.pieces
  if (first === undefined) return null
  let from = 0
  for (let tries = 0; tries < mostTries; tries += 1) {
    const start = text.indexOf(first.words, from)
    if (start < 0 || (phrase.atStart && first.hole === null && start > 0)) return null
    const found =
      first.hole === null && !beginsHere(line, start)
        ? null
        : matchFrom(phrase, { text, line, start }, isFilled)
    if (found && endsHere(phrase, line, found.end)) return { ...found, start }
    from = start + 1
  }
  return null
}

/**
 * Whether words of their own begin here, and no count of none: `EPIPE` is not in `codepipeline`, and `0 timed out` says
 * that none did. Names of classes are made of words, and JSON writes the end of a line as `\\n`.
 */
function beginsHere(line: string, start: number): boolean {
  if (start === 0) return true
  const before = line.charCodeAt(start - 1)
  if (before === space) return !(line.charCodeAt(start - 2) === zero && isApart(line.charCodeAt(start - 3)))
  const first = line.charCodeAt(start)
  if (!isAlphanumeric(before) || !isAlphanumeric(first)) return true
  if (line.charCodeAt(start - 2) === backslash && escapes.includes(line.charAt(start - 1))) return true
  return isUpper(first) && (isLower(before) || isLower(line.charCodeAt(start + 1)))
}

/** The signs of JSON for the ends of lines and columns. */
const escapes = 'nrt'

/**
 * `E429` is not in `E429D`, `:5432` not in `:54321` (`error: 5` is in `error: 503`), no status 404 in `error: 404 files`,
 * nor is `timed out: 0` one that did.
 */
function endsHere({ isCode }: Phrase, line: string, end: number): boolean {
  if (endsInNumber(line, end)) {
    if (isDigit(line.charCodeAt(end))) return false
    if (isCount(line, end)) return false
  }
  if (isCode && isAlphanumeric(line.charCodeAt(end))) return false
  return !(line.startsWith(': 0', end) && isApart(line.charCodeAt(end + 3)))
}

/** A number as that of a status, and what there are so many of: no verb, no `access`, and no answers, as in `HTTP 404 errors`. */
const counted =
  /^[45]\d\d (?!(?:i|wa|ha|doe|thi|mean|indicate|occur|happen|come|say|error|response)s\b)[a-z]{1,20}[^su]s\b/
const longestCounted = 28
const isCount = (line: string, end: number): boolean =>
  line.charCodeAt(end) === space && counted.test(line.slice(end - 3, end - 3 + longestCounted))

/** One of three digits or more: fewer begin a kind of number. */
const endsInNumber = (line: string, end: number): boolean =>
  isDigit(line.charCodeAt(end - 1)) && isDigit(line.charCodeAt(end - 2)) && isDigit(line.charCodeAt(end - 3))

/** No part of a number, a name or a share: a space, a comma, the end of the line. */
const isApart = (code: number): boolean =>
  Number.isNaN(code) ||
  code === space ||
  (!isAlphanumeric(code) && !partsOfNames.includes(String.fromCharCode(code)))
const partsOfNames = '.-_/:%'

type Place = { readonly text: string; readonly line: string; readonly start: number }

function matchFrom(
  { pieces, atStart, atEnd }: Phrase,
  { text, line, start }: Place,
  isFilled: boolean,
): { readonly holes: Holes; readonly end: number } | null {
  const holes: Record<string, string> = {}
  let at = start
  for (const [index, { hole, words }] of pieces.entries()) {
    const begin = index === 0 && hole ? beginOf(hole, text, start, atStart) : at
    const found = index === 0 ? start : hole ? endOfHole(hole, text, at, words) : at
    if (begin < 0 || found < 0) return null
    if (isFilled && hole?.name) holes[hole.name] = line.slice(begin, found).trim()
    at = found + words.length
  }
  return atEnd && text.slice(at).trim() !== '' ? null : { holes, end: at }
}

/** Where a first hole begins that ends at `end`; -1 when it cannot. */
function beginOf({ kind }: Hole, text: string, end: number, atStart: boolean): number {
  if (kind === 'text') return 0
  let begin = end
  const fits = characters[kind]
  while (begin > 0 && fits(text.charCodeAt(begin - 1))) begin -= 1
  const least = kind === 'capitals' ? leastCapitals : 1
  return end - begin < least || (atStart && begin > 0) ? -1 : begin
}

/** Where a hole ends that begins at `begin` and is followed by `words`; -1 when it cannot. */
function endOfHole({ kind }: Hole, text: string, begin: number, words: string): number {
  let end = begin
  if (kind === 'number' || kind === 'capitals' || (kind === 'word' && words === '')) {
    const fits = characters[kind]
    // Reports line their numbers up.
    if (kind === 'number') while (text.charCodeAt(end) === space) end += 1
    const first = end
    while (end < text.length && fits(text.charCodeAt(end))) end += 1
    const least = kind === 'capitals' ? leastCapitals : 1
    return end - first >= least && text.startsWith(words, end) ? end : -1
  }
  if (kind === 'text') return words === '' ? text.length : text.indexOf(words, begin)
  end = text.indexOf(words, begin + 1)
  for (let at = begin; at < end; at += 1) if (!isWord(text.charCodeAt(at))) return -1
  return end
}

const space = 0x20
const underscore = 0x5f
const backslash = 0x5c
const zero = 0x30
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39
const isUpper = (code: number): boolean => code >= 0x41 && code <= 0x5a
const isLower = (code: number): boolean => code >= 0x61 && code <= 0x7a
const isAlphanumeric = (code: number): boolean => isDigit(code) || isUpper(code) || isLower(code)
const isWord = (code: number): boolean => code > 0x20
const isCapital = (code: number): boolean =>
  (code >= 0x41 && code <= 0x5a) || code === underscore || isDigit(code)
const characters = { number: isDigit, word: isWord, capitals: isCapital } as const
