/** A process that records, and is killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from '../measure.ts'

export class WritingProcess {
  readonly #child: ChildProcess
  /** The number behind the last chunk that was acknowledged. */
  acknowledged: number
  said = ''
  readonly opened: Promise<void>

  constructor(place: string, writer: string, first: number) {
    this.acknowledged = first
    const script = join(root, 'bench/metrics-crash/writer.ts')
    this.#child = spawn(process.execPath, [script, place, writer, String(first)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.said = `${this.said}${text}`.slice(-2_000)
    })
    const { promise, resolve } = Promise.withResolvers<void>()
    this.opened = promise
    this.#child.once('exit', () => resolve())
    if (this.#child.stdout === null) throw new Error('no output')
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      if (line === 'open') resolve()
      else this.acknowledged = Number(line) + 1
    })
  }

  /** As kill -9 does. What it had said by then is read to the end. */
  async kill(): Promise<void> {
    const ended = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    if (this.#child.exitCode === null || this.#child.stdout?.readable) await ended
  }
}
