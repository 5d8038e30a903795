/** The view for a person at a terminal: a picture at the foot, redrawn ten times a second, what ended above it. */
import type { Clock } from '../clock.ts'
import type { DeployEvent, RunMessage } from '../spine.ts'
import { frameLines, type Screen } from './live-frame.ts'
import { apply, emptyState } from './live-state.ts'
import { openProgressLines } from './progress-lines.ts'
import { renderEnding } from './render-report.ts'
import { isClosed, LossyWriter } from './steady-writer.ts'
import type { OutputStream, Style } from './style.ts'
import type { RunFacts } from './totals.ts'
import type { View } from './view.ts'

const frameMs = 100
/** So many lines may wait for the next frame; then it is drawn at once, or they are left out where nobody reads. */
const mostLinesAbove = 200

const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'
/** Synchronized output: the terminal shows the frame when it is complete; others ignore it. */
const beginFrame = '\u001b[?2026h'
const endFrame = '\u001b[?2026l'
const eraseBelow = '\u001b[J'

/** What the picture already tells while it lasts. */
const onlyInPicture: ReadonlySet<DeployEvent['type']> = new Set([
  'task-waiting',
  'task-started',
  'attempt-opened',
])

export class LiveView implements View {
  readonly #output: OutputStream
  readonly #writer: LossyWriter
  readonly #clock: Clock
  readonly #style: Style
  readonly #place: Pick<RunFacts, 'recordOptions'>
  readonly #state = emptyState()
  readonly #lineOf
  readonly #timer: Disposable
  /** Lines for above the picture, at most `mostLinesAbove`. */
  #above: string[] = []
  /** The widths of the lines of the picture that is on the screen. */
  #drawn: readonly number[] = []

  constructor(parts: { output: OutputStream; clock: Clock; style: Style; recordOptions?: string }) {
    this.#output = parts.output
    this.#writer = new LossyWriter(parts.output)
    this.#clock = parts.clock
    this.#style = parts.style
    this.#place = parts.recordOptions === undefined ? {} : { recordOptions: parts.recordOptions }
    this.#lineOf = openProgressLines(parts.style)
    this.#timer = parts.clock.every(frameMs, () => this.#drawUnlessBusy())
    process.on('exit', this.#restore)
    this.#output.write(hideCursor)
  }

  show(message: RunMessage): void {
    if (message.type === 'report') {
      this.#finish(`\n${renderEnding(message, this.#style, { ...this.#state.facts, ...this.#place })}`)
      return
    }
    apply(this.#state, message)
    const line = onlyInPicture.has(message.type) ? undefined : this.#lineOf(message)
    if (line === undefined) return
    this.#above.push(line)
    if (this.#above.length < mostLinesAbove) return
    if (this.#writer.hasRoom) this.#writer.write(this.#frame())
    else {
      this.#writer.leaveOut(this.#above.length)
      this.#above = []
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer[Symbol.dispose]()
    if (process.listeners('exit').includes(this.#restore)) this.#finish('')
  }

  /** The picture goes, what happened stays, the text comes last. */
  #finish(text: string): void {
    this.#timer[Symbol.dispose]()
    process.off('exit', this.#restore)
    this.#writer.write(this.#erase() + this.#takeAbove() + text + showCursor)
    this.#drawn = []
  }

  /** A terminal that is slow misses frames; one that takes nothing misses lines as well, and is told how many. */
  #drawUnlessBusy(): void {
    if (this.#output.writableNeedDrain || isClosed(this.#output)) return
    this.#writer.write(this.#frame())
  }

  #takeAbove(): string {
    const above = this.#writer.noteOfLeftOut() + this.#above.join('')
    this.#above = []
    return above
  }

  #frame(): string {
    const lines = frameLines(this.#state, {
      screen: this.#screen(),
      nowMs: this.#clock.now(),
      style: this.#style,
    })
    const frame =
      beginFrame +
      this.#erase() +
      this.#takeAbove() +
      lines.map(({ painted }) => painted).join('\n') +
      endFrame
    this.#drawn = lines.map(({ width }) => width)
    return frame
  }

  /**
   * From the end of the picture back to its first column, and everything from there on erased. After the window was
   * made narrower the terminal has wrapped the old lines: they are as many rows as their widths need now.
   */
  #erase(): string {
    const { columns } = this.#screen()
    const rows = this.#drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0)
    return `\r${rows > 1 ? `\u001b[${rows - 1}A` : ''}${eraseBelow}`
  }

  #screen(): Screen {
    return { columns: this.#output.columns || 80, rows: this.#output.rows || 24 }
  }

  /** Also when the process crashes: the terminal is not left without a cursor. */
  readonly #restore = (): void => {
    this.#output.write(`\n${showCursor}`)
  }
}
