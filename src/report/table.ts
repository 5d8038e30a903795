/** Rows of words in columns that line up. */
import { plainLine } from './plain-text.ts'
import type { Style } from './style.ts'
import { fitWidth, padWidth, widthOf } from './width.ts'

export type Column = {
  readonly title: string
  /** Numbers stand at the right. Default: left. */
  readonly align?: 'left' | 'right'
}
/** A cell is a text from anywhere, or a text and how to paint it. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string }

/** No cell is wider than this, in columns: one long name must not push everything else off the screen. */
const widestCell = 48
const gap = '  '

/** Lines without a newline at the end; control characters are made visible. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  style: Style,
): string[] {
  const texts = rows.map((row) =>
    columns.map((_, index) => fitWidth(plainLine(textOf(row[index])), widestCell)),
  )
  const widths = columns.map(({ title }, index) =>
    texts.reduce((widest, row) => Math.max(widest, widthOf(row[index] ?? '')), widthOf(title)),
  )
  const pad = (text: string, index: number): string => {
    const right = columns[index]?.align === 'right'
    const isLast = index === columns.length - 1
    return isLast && !right ? text : padWidth(text, widths[index] ?? 0, right ? 'left' : 'right')
  }
  const heading = style.dim(columns.map(({ title }, index) => pad(title, index)).join(gap))
  const lines = texts.map((row, rowIndex) =>
    row
      .map((text, index) => painted(rows[rowIndex]?.[index], pad(text, index)))
      .join(gap)
      .trimEnd(),
  )
  return [heading, ...lines]
}

const textOf = (cell: Cell | undefined): string => (typeof cell === 'object' ? cell.text : (cell ?? ''))

const painted = (cell: Cell | undefined, text: string): string =>
  typeof cell === 'object' ? cell.paint(text) : text
