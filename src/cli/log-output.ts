import type { AttemptRecord } from '../journal/journal.ts'
import { plainLine, plainText, styleFor, writeSteadily } from '../report/report.ts'

/** A line that does not end is printed in pieces of so many bytes. */
const longestLine = 64 * 1024

async function print(bytes: Uint8Array): Promise<void> {
  if (bytes.length === 0) return
  const text = process.stdout.isTTY ? plainText(Buffer.from(bytes).toString('utf8')) : bytes
  await writeSteadily(process.stdout, text)
}

/** Whose line it is, where several tasks write at once. */
function labelOf({ task, phase, attempt }: AttemptRecord): string {
  const name = phase === 'undo' ? `undo of ${task}` : task
  return attempt > 1 ? `${name} (attempt ${attempt})` : name
}

/** Where the bytes of a log go. */
export type LogSink = {
  readonly push: (bytes: Uint8Array) => Promise<void>
  readonly end: () => Promise<void>
}

/** As an object for each line, as the bytes are, or with the name of the task before each line. */
export function sinkFor(attempt: AttemptRecord, form: { json: boolean; withNames: boolean }): LogSink {
  if (form.json) return new JsonLinesOut(attempt)
  return form.withNames ? new LinesOut(labelOf(attempt)) : { push: print, end: async () => undefined }
}

/** Prints whole lines, each after a label. */
class LinesOut implements LogSink {
  readonly #label: Buffer
  #rest: Buffer = Buffer.alloc(0)

  constructor(label: string) {
    this.#label = Buffer.from(`${styleFor(process.stdout, process.env).cyan(plainLine(label))} | `)
  }

  async push(bytes: Uint8Array): Promise<void> {
    const all = Buffer.concat([this.#rest, bytes])
    let start = 0
    for (let end = all.indexOf(10); end !== -1; end = all.indexOf(10, start)) {
      await this.#line(all.subarray(start, end))
      start = end + 1
    }
    this.#rest = Buffer.from(all.subarray(start))
    if (this.#rest.length >= longestLine) await this.end()
  }

  async end(): Promise<void> {
    if (this.#rest.length > 0) await this.#line(this.#rest)
    this.#rest = Buffer.alloc(0)
  }

  async #line(line: Buffer): Promise<void> {
    const shown = process.stdout.isTTY ? Buffer.from(plainText(line.toString('utf8'))) : line
    await writeSteadily(process.stdout, Buffer.concat([this.#label, shown, Buffer.from('\n')]))
  }
}

/** One object for each line, without its end; `continues`: the line is long, and goes on in the next object. */
class JsonLinesOut implements LogSink {
  readonly #attempt: Pick<AttemptRecord, 'task' | 'phase' | 'attempt'>
  // A character may begin in one piece of the log and end in the next.
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #rest = ''

  constructor({ task, phase, attempt }: AttemptRecord) {
    this.#attempt = { task, phase, attempt }
  }

  async push(bytes: Uint8Array): Promise<void> {
    await this.#take(this.#decoder.decode(bytes, { stream: true }))
  }

  async end(): Promise<void> {
    await this.#take(this.#decoder.decode())
    if (this.#rest !== '') await this.#line(this.#rest)
    this.#rest = ''
  }

  async #take(text: string): Promise<void> {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) await this.#line(line)
    if (this.#rest.length < longestLine) return
    await this.#line(this.#rest, { continues: true })
    this.#rest = ''
  }

  #line(text: string, more: { readonly continues?: true } = {}): Promise<void> {
    const line = { type: 'log', ...this.#attempt, text, ...more }
    return writeSteadily(process.stdout, `${JSON.stringify(line)}\n`)
  }
}
