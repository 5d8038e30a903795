/** A process that works on the metrics, and is killed. It is started ahead, and begins when it is told. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export class WorkingProcess {
  readonly #child: ChildProcess
  readonly #last = new Map<string, number>()
  readonly #counts = new Map<string, number>()
  #first = 0
  said = ''
  readonly opened: Promise<void>

  constructor(program: string, words: readonly string[]) {
    this.#child = spawn(process.execPath, [program, ...words], { stdio: 'pipe' })
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.said = `${this.said}${text}`.slice(-2_000)
    })
    const { promise, resolve } = Promise.withResolvers<void>()
    this.opened = promise
    this.#child.once('exit', () => resolve())
    // It may be gone when it is told to begin.
    this.#child.stdin?.on('error', () => undefined)
    if (this.#child.stdout === null) throw new Error('no output')
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      if (line === 'open') resolve()
      const [word = '', number = ''] = line.split(' ')
      this.#last.set(word, Number(number))
      this.#counts.set(word, this.times(word) + 1)
    })
  }

  /** Resolves when it has opened the place. */
  async begin(first: number): Promise<void> {
    this.#first = first
    this.#child.stdin?.write(`${first}\n`)
    await this.opened
  }

  /** What it said last with a word, `recorded` and the like. */
  last(word: string): number | undefined {
    return this.#last.get(word)
  }

  get isGone(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** How often it has said it. */
  times(word: string): number {
    return this.#counts.get(word) ?? 0
  }

  /** The number behind the last that was recorded and acknowledged. */
  get acknowledged(): number {
    return (this.last('recorded') ?? this.#first - 1) + 1
  }

  /** As kill -9 does. What it had said by then is read to the end. */
  async kill(): Promise<void> {
    const ended = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    if (this.#child.exitCode === null || this.#child.stdout?.readable) await ended
  }
}
