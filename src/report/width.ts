/** How many columns of a terminal a text takes. */

/** First and last code points that terminals draw two columns wide (Unicode 16, East Asian Width W and F, and emoji). */
const wideRanges: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x2329, 0x232a],
  [0x23e9, 0x23ec],
  [0x23f0, 0x23f0],
  [0x23f3, 0x23f3],
  [0x25fd, 0x25fe],
  [0x2614, 0x2615],
  [0x2648, 0x2653],
  [0x267f, 0x267f],
  [0x2693, 0x2693],
  [0x26a1, 0x26a1],
  [0x26aa, 0x26ab],
  [0x26bd, 0x26be],
  [0x26c4, 0x26c5],
  [0x26ce, 0x26ce],
  [0x26d4, 0x26d4],
  [0x26ea, 0x26ea],
  [0x26f2, 0x26f3],
  [0x26f5, 0x26f5],
  [0x26fa, 0x26fa],
  [0x26fd, 0x26fd],
  [0x2705, 0x2705],
  [0x270a, 0x270b],
  [0x2728, 0x2728],
  [0x274c, 0x274c],
  [0x274e, 0x274e],
  [0x2753, 0x2755],
  [0x2757, 0x2757],
  [0x2795, 0x2797],
  [0x27b0, 0x27b0],
  [0x27bf, 0x27bf],
  [0x2b1b, 0x2b1c],
  [0x2b50, 0x2b50],
  [0x2b55, 0x2b55],
  [0x2e80, 0x303e],
  [0x3041, 0x3247],
  [0x3250, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18cff],
  [0x1aff0, 0x1b2ff],
  [0x1f004, 0x1f004],
  [0x1f0cf, 0x1f0cf],
  [0x1f18e, 0x1f18e],
  [0x1f191, 0x1f19a],
  [0x1f1e6, 0x1f202],
  [0x1f210, 0x1f23b],
  [0x1f240, 0x1f248],
  [0x1f250, 0x1f251],
  [0x1f260, 0x1f265],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f7e0, 0x1f7eb],
  [0x1f90c, 0x1f9ff],
  [0x1fa70, 0x1faff],
  [0x20000, 0x3fffd],
]

const asciiOnly = /^[\u0020-\u007e]*$/
const takesNoColumn = /^[\p{Mn}\p{Me}\p{Cf}]/u
const emojiSign = '\ufe0f'

/** Costs a few milliseconds to make, and most names are ASCII. */
let segmenter: Intl.Segmenter | undefined

/** Columns of one line without escape sequences; what a person sees as one character counts once. */
export function widthOf(text: string): number {
  if (asciiOnly.test(text)) return text.length
  let columns = 0
  for (const { segment } of graphemes(text)) columns += widthOfGrapheme(segment)
  return columns
}

/** The text in at most `columns` columns, ending in "~" when something was left out. */
export function fitWidth(text: string, columns: number): string {
  if (text.length <= columns && asciiOnly.test(text)) return text
  let used = 0
  let fitting = ''
  for (const { segment } of graphemes(text)) {
    const width = widthOfGrapheme(segment)
    if (used + width > columns) return columns < 1 ? '' : `${shortened(fitting, used, columns)}~`
    used += width
    fitting += segment
  }
  return fitting
}

/** The text filled up with spaces to `columns`. */
export function padWidth(text: string, columns: number, side: 'left' | 'right' = 'right'): string {
  const spaces = ' '.repeat(Math.max(0, columns - widthOf(text)))
  return side === 'right' ? text + spaces : spaces + text
}

/** Takes characters off the end until one column is free for the mark. */
function shortened(fitting: string, used: number, columns: number): string {
  const segments = [...graphemes(fitting)].map(({ segment }) => segment)
  while (used > columns - 1) used -= widthOfGrapheme(segments.pop() ?? '')
  return segments.join('')
}

function graphemes(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  return segmenter.segment(text)
}

function widthOfGrapheme(grapheme: string): number {
  if (grapheme.includes(emojiSign)) return 2
  const code = grapheme.codePointAt(0) ?? 0
  if (code < 0x300) return code < 0x20 || (code >= 0x7f && code < 0xa0) ? 0 : 1
  if (takesNoColumn.test(grapheme)) return 0
  return wideRanges.some(([first, last]) => code >= first && code <= last) ? 2 : 1
}
