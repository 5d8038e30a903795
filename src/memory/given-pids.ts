import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { textOf } from './text-file.ts'

/** Between two looks not all numbers can have been given out: 32,768 is the least that Linux has. In milliseconds. */
const mostBetweenMs = 1_000

/**
 * Tells which process numbers may have been given to another process since the look before. Linux gives them out
 * upwards and then from the bottom again, and the last field of /proc/loadavg is the one given last: one small read
 * (10 us) instead of one for every process.
 */
export class GivenPids {
  readonly #file: string
  readonly #clock: Clock
  #lastPid = 0
  #lookedAtMs = Number.NEGATIVE_INFINITY
  #isQuiet = false

  constructor(root: string, clock: Clock) {
    this.#file = join(root, 'proc/loadavg')
    this.#clock = clock
  }

  /**
   * Where it is not known it may be any; null where none was given. A number is given a moment before its process can
   * be seen: the last one may be another once more at the next look.
   */
  look(): ((pid: number) => boolean) | null {
    const before = this.#lastPid
    const last = Number(/ (\d+)\n$/.exec(textOf(this.#file))?.[1] ?? 0)
    const isLate = this.#clock.monotonic() - this.#lookedAtMs > mostBetweenMs
    const wasQuiet = this.#isQuiet
    this.#lastPid = last
    this.#lookedAtMs = this.#clock.monotonic()
    this.#isQuiet = before === last
    if (isLate || before === 0 || last === 0) return () => true
    if (before === last) return wasQuiet ? null : (pid) => pid === last
    if (before < last) return (pid) => pid >= before && pid <= last
    return (pid) => pid >= before || pid <= last
  }
}
