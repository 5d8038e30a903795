/** A small terminal: enough of one to see what a person would see after all that was written. */
import { Writable } from 'node:stream'
import { widthOf } from '../../src/report/width.ts'

const escapeStart = '\u001b['
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const pieces = /\u001b\[[?\d;]*[A-Za-z]|./gsu

export class Screen extends Writable {
  readonly isTTY = true
  columns: number
  rows: number
  /** Everything that was written, as it was. */
  written = ''
  cursorShown = true
  /** Lines on the screen and those that scrolled off at the top. */
  #lines: string[][] = [[]]
  #row = 0
  #column = 0

  constructor(columns = 80, rows = 24) {
    super({ decodeStrings: false })
    this.columns = columns
    this.rows = rows
  }

  override _write(chunk: string, _encoding: BufferEncoding, done: () => void): void {
    this.written += chunk
    for (const [piece] of chunk.matchAll(pieces)) {
      if (piece.length > 1 && piece.startsWith(escapeStart)) this.#obey(piece)
      else this.#put(piece)
    }
    done()
  }

  /** What is to be seen, with what scrolled away above it. */
  get text(): string {
    return this.#lines
      .map((line) => line.join('').trimEnd())
      .join('\n')
      .trimEnd()
  }

  /** The window becomes narrower: a line that does not fit any more goes on in the next row. */
  narrow(columns: number): void {
    this.columns = columns
    const before = this.#lines.slice(0, this.#row)
    const rowsOf = (line: readonly string[]): string[][] => {
      const text = [...line.join('').trimEnd()]
      const rows: string[][] = []
      for (let at = 0; at < Math.max(1, text.length); at += columns) rows.push(text.slice(at, at + columns))
      return rows
    }
    const wrappedBefore = before.flatMap(rowsOf).length
    const cursorRows = rowsOf(this.#lines[this.#row] ?? [])
    this.#lines = this.#lines.flatMap(rowsOf)
    this.#row = wrappedBefore + cursorRows.length - 1
    this.#column = cursorRows.at(-1)?.length ?? 0
  }

  #put(char: string): void {
    if (char === '\n') {
      this.#down()
      this.#column = 0
      return
    }
    if (char === '\r') {
      this.#column = 0
      return
    }
    if (this.#column + widthOf(char) > this.columns) {
      this.#down()
      this.#column = 0
    }
    const line = this.#lines[this.#row] ?? []
    while (line.length < this.#column) line.push(' ')
    line[this.#column] = char
    for (let extra = 1; extra < widthOf(char); extra += 1) line[this.#column + extra] = ''
    this.#column += widthOf(char)
  }

  #down(): void {
    this.#row += 1
    if (this.#lines.length <= this.#row) this.#lines.push([])
  }

  #obey(sequence: string): void {
    const count = Number(sequence.slice(2, -1)) || 1
    const top = Math.max(0, this.#lines.length - this.rows)
    if (sequence.endsWith('A')) this.#row = Math.max(top, this.#row - count)
    else if (sequence.endsWith('J')) this.#eraseBelow()
    else if (sequence === '\u001b[?25l') this.cursorShown = false
    else if (sequence === '\u001b[?25h') this.cursorShown = true
  }

  #eraseBelow(): void {
    this.#lines.length = this.#row + 1
    this.#lines[this.#row] = (this.#lines[this.#row] ?? []).slice(0, this.#column)
  }
}
