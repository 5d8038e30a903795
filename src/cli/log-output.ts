import type { AttemptRecord } from '../journal/journal.ts'
import { plainLine, plainText, styleFor, writeSteadily } from '../report/report.ts'

/** A line that does not end is printed in pieces of so many bytes. */
const longestLine = 64 * 1024

export async function print(bytes: Uint8Array): Promise<void> {
  if (bytes.length === 0) return
  const text = process.stdout.isTTY ? plainText(Buffer.from(bytes).toString('utf8')) : bytes
  await writeSteadily(process.stdout, text)
}

/** Whose line it is, where several tasks write at once. */
export function labelOf({ task, phase, attempt }: AttemptRecord): string {
  const name = phase === 'undo' ? `undo of ${task}` : task
  return attempt > 1 ? `${name} (attempt ${attempt})` : name
}

/** Prints whole lines, each after a label. */
export class LinesOut {
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
