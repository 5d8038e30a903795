/** A file of /proc or a cgroup that is read again and again: opened once, read from its start each time. */
import { closeSync, openSync, readSync } from 'node:fs'

// One buffer for all: reads are synchronous. What is longer is cut; the longest file read here, the memory.stat
// of a control group, has about 2 KiB.
const buffer = Buffer.allocUnsafe(16_384)

export class KeptFile implements Disposable {
  readonly path: string
  #descriptor: number

  /** Throws the system error when the file cannot be opened. */
  constructor(path: string) {
    this.path = path
    this.#descriptor = openSync(path, 'r')
  }

  /** Throws the system error when the file has vanished: ESRCH for an ended process, ENODEV for a removed group. */
  read(): string {
    return buffer.toString('latin1', 0, readSync(this.#descriptor, buffer, 0, buffer.length, 0))
  }

  [Symbol.dispose](): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor)
    this.#descriptor = -1
  }
}

/** Undefined where the file is missing or may not be read. */
export function keepFile(path: string): KeptFile | undefined {
  try {
    return new KeptFile(path)
  } catch {
    return undefined
  }
}

/** Its text, empty where it is missing or cannot be read. */
export function textOf(file: KeptFile | undefined): string {
  try {
    return file?.read() ?? ''
  } catch {
    return ''
  }
}
