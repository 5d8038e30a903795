/** The part of a line that is cited: around the words that were found, as much as people read. */
import { findPhrase, type Phrase } from './phrase.ts'

/** UTF-16 units, signs of what is left out included. */
export const longestExcerpt = 300
const leftOut = '…'
const room = longestExcerpt - 2 * leftOut.length
/** Words with what their holes held may be longer than the room: then this much of them counts. */
const mostOfWords = 200
/** Of the room that the words leave so much stands before them: what comes after them says more. */
const shareBefore = 1 / 4

export function excerptOf(line: string, phrase?: Phrase): string {
  const text = line.trim()
  if (text.length <= longestExcerpt) return text
  const { start, end } = placeIn(text, phrase)
  const words = Math.min(end - start, mostOfWords)
  const wanted = start + words <= room ? 0 : Math.max(0, start - Math.floor((room - words) * shareBefore))
  const least = Math.min(wanted, text.length - room)
  const from = isWithin(text, least) ? least + 1 : least
  const to = isWithin(text, from + room) ? from + room - 1 : from + room
  return `${from > 0 ? leftOut : ''}${text.slice(from, to).trim()}${to < text.length ? leftOut : ''}`
}

/** Of JSON in which quotes are escaped the phrase may not be found; its longest words are. */
function placeIn(text: string, phrase: Phrase | undefined): { readonly start: number; readonly end: number } {
  const found = phrase && findPhrase(phrase, text)
  if (found) return found
  const start = Math.max(0, phrase ? text.toLowerCase().indexOf(phrase.literal) : 0)
  return { start, end: start + (phrase?.literal.length ?? 0) }
}

/** Whether a character of two units is cut here. */
const isWithin = (text: string, at: number): boolean => (text.charCodeAt(at) & 0xfc00) === 0xdc00
