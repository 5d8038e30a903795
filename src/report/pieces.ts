/** Lines made of pieces in different colours, fitted before they are painted: a colour takes no column. */
import { paintTone, type Tone } from './event-words.ts'
import type { Style } from './style.ts'
import { fitWidth, widthOf } from './width.ts'

/** The text is safe to print and has no colours in it. */
export type Piece = { readonly tone: Tone; readonly text: string }
export type PaintedLine = { readonly painted: string; readonly width: number }

/** At most `columns` wide; what is cut ends in "~". */
export function paintPieces(pieces: readonly Piece[], columns: number, style: Style): PaintedLine {
  let painted = ''
  let width = 0
  for (const { tone, text } of pieces) {
    const fitting = fitWidth(text, columns - width)
    if (fitting === '') continue
    painted += paintTone(tone, fitting, style)
    width += widthOf(fitting)
    if (fitting !== text) break
  }
  return { painted, width }
}

/** A picture of one character for each cell; what has no tone of its own is plain. */
export function piecesOfCells(cells: string, toneOf: Readonly<Record<string, Tone>>): Piece[] {
  const runs = cells.match(/(.)\1*/gs) ?? []
  return runs.map((text) => ({ tone: toneOf[text.charAt(0)] ?? 'plain', text }))
}
