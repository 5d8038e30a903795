/** What rules say, with what their holes held. */
import { type Holes, matchPhrase, type Phrase } from './phrase.ts'
import { withoutPrefix } from './plain-line.ts'

/** UTF-16 units of what one hole held: who reads an explanation wants a name, a path, an address. */
const mostHeld = 120

/** A name and its value: then quotes end strings. */
const field = /\\{0,7}"[\w.@/-]{1,60}\\{0,7}" {0,2}:/
/** A string ends before the end of an object or of a list, the next name, the next of a list; a line of it before its `\n`. */
const endOfString =
  /\\{0,7}"(?: {0,2}[}\]]|,"| {0,2}, {0,2}\\{0,7}"[\w.@/-]{1,60}\\{0,7}" {0,2}:)|(?<!\\)\\{1,7}n/
/** Of a word that ends with the string. */
const lastQuote = /\\{0,7}",?$/
/** What stands before a string. */
const startOfString = /^.*[:,{[] {0,2}\\{0,7}"/s

/** Of a line that is masked already: a part of a secret would not be known as one. */
export function holesIn(line: string, phrase: Phrase): Holes {
  const found = matchPhrase(phrase, withoutPrefix(line)) ?? matchPhrase(phrase, line) ?? {}
  const isJson = field.test(line)
  const first = phrase.pieces[0]?.hole?.name
  const held = ([name, text]: readonly [string, string]): readonly [string, string] => [
    name,
    cut(isJson ? withinString(text, name === first) : withinField(text)),
  ]
  return Object.fromEntries(Object.entries(found).map(held))
}

/** A first hole begins where the line does, the others after words of the string that they are in. */
function withinString(text: string, isFirst: boolean): string {
  if (isFirst) return text.replace(startOfString, '')
  const held = text.slice(0, endOfString.exec(text)?.index)
  const quotes = held.match(/"/g)?.length ?? 0
  return quotes % 2 === 0 ? held : held.replace(lastQuote, '')
}

/** A quote after which the next field comes, or nothing: `msg="no such host" code=3`, `[message text='no such host']`. */
const endOfField = /(["'])(?= [\w.@-]{1,40}=|\]?$|\/?>)/g
/** No apostrophes. */
const quote = { '"': /"/g, "'": /(?<![a-z])'|'(?![a-z])/gi }

/** Without what comes after a quote that closes what was opened before the hole. */
function withinField(text: string): string {
  const end = text.matchAll(endOfField).find(({ 1: sign, index }) => {
    const before = text.slice(0, index).match(quote[sign as keyof typeof quote])?.length ?? 0
    return before % 2 === 0
  })
  return text.slice(0, end?.index)
}

const cut = (text: string): string =>
  text.length <= mostHeld ? text : `${text.slice(0, mostHeld).toWellFormed().trim()}…`

export const filled = (text: string, holes: Holes): string =>
  text
    .replaceAll(/\{(\w+)\}/g, (_, name: string) => (Object.hasOwn(holes, name) ? (holes[name] ?? '') : ''))
    .replaceAll(/ {2,}/g, ' ')
    .replaceAll(/ ?:? ?$/g, '')
    .replaceAll(/ ([.,:])(?= |$)/g, '$1')
    .trim()
