/** How much of long lines is kept when there are many of them: their beginning, and what stands around the words. */
import { createRedactor } from '../redact/redact.ts'

/** In characters. A line that is not longer is kept as it is. */
export const longestKept = 500
/** Times, levels and names stand here, and what is compared with green runs. */
const head = 300
const beforeTheWord = 60

/** @param word that was found in it, in lower case. */
export function shortened(text: string, word: string): string {
  if (text.length <= longestKept) return text
  const at = text.toLowerCase().indexOf(word)
  if (at < head) return copyOf(text.slice(0, longestKept))
  const from = Math.max(head, at - beforeTheWord)
  return copyOf(`${text.slice(0, head)} … ${text.slice(from, from + longestKept - head - 3)}`)
}

/** For what is cited: a part of a secret would not be known as one, so it is masked before it is cut. */
export const shortenedToCite = (text: string, word: string): string =>
  text.length <= longestKept ? text : shortened(redactor.text(text), word)

const redactor = createRedactor([])

/** What V8 cuts from a string keeps all of that string. */
const copyOf = (text: string): string => Buffer.from(text).toString()
