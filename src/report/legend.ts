/** What the signs of a picture mean. */
import type { Piece } from './pieces.ts'
import { widthOf } from './width.ts'

const gap = '   '

/** As many lines as it takes, each indented to stand below the picture, and broken between two signs only. */
export function legendLines(
  items: readonly { readonly letter: string; readonly words: string }[],
  { gutter, width }: { readonly gutter: number; readonly width: number },
): Piece[][] {
  const indent = ' '.repeat(Math.min(gutter + 2, Math.floor(width / 3)))
  const lines: string[] = []
  for (const { letter, words } of items) {
    const text = `${letter} ${words}`
    const last = lines.at(-1)
    const fits = last !== undefined && widthOf(last) + gap.length + text.length <= width
    if (fits) lines[lines.length - 1] = last + gap + text
    else lines.push(indent + text)
  }
  return lines.map((text) => [{ tone: 'quiet', text }])
}
