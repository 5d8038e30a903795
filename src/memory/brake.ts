/**
 * Slows tasks near the limit, so that the guard comes in time: `memory.high` of the group around them. The kernel lets
 * what grows above it sleep before it goes on, the longer the further above: at 2.5 % 40 ms for each 256 KiB, at 5 %
 * 160 ms. It ends nothing, and the engine is not inside. Of v1 there is nothing like it.
 */
import { closeSync, constants, openSync, write, writeSync } from 'node:fs'
import { join } from 'node:path'
import { taskGroupFiles } from './group-files.ts'
import { stopShare } from './guard.ts'
import { type KeptFile, keepFile, textOf } from './kept-file.ts'

/** Where on the way from the load line to the limit it begins: a little above where the guard suspends the first. */
const beginShare = 0.6
/** Smaller changes are not worth a write. */
const changeBytes = 4 * 2 ** 20
const off = Number.POSITIVE_INFINITY

export type Nearness = {
  /** From what is in use to the nearest limit, which is `nearestLimitBytes`; the load line of that limit. */
  readonly limitRoomBytes: number
  readonly nearestLimitBytes: number
  readonly nearestLineBytes: number
  /** How many tasks have a group, and how many of them are suspended. */
  readonly tasks: number
  readonly suspended: number
}

export class Brake implements Disposable {
  readonly #file: HighFile
  readonly #usage: KeptFile | undefined
  readonly #stat: KeptFile | undefined
  #highBytes = off
  #wantedBytes = off
  #writtenBytes = off
  #isWriting = false

  /** Throws the system error where there is no `memory.high`. */
  constructor(directory: string, file: HighFile = openHigh(directory)) {
    this.#file = file
    this.#usage = keepFile(join(directory, taskGroupFiles.v2.usage))
    this.#stat = keepFile(join(directory, 'memory.stat'))
  }

  /**
   * To be called before what is around the tasks is read: what they take meanwhile then counts as taken by others, so
   * that they are slowed too early rather than too late.
   */
  look(): (nearness: Nearness) => void {
    const usageBytes = Number.parseInt(textOf(this.#usage), 10)
    const cacheBytes = Number(taskGroupFiles.v2.cache.exec(textOf(this.#stat))?.[1] ?? 0)
    return (nearness) => {
      const wanted = Number.isNaN(usageBytes) ? off : wantedBytes(usageBytes - cacheBytes, nearness)
      this.#turnTo(wanted)
      void this.#write(usageBytes)
    }
  }

  /** It goes with its group. */
  [Symbol.dispose](): void {
    for (const file of [this.#file, this.#usage, this.#stat]) file?.[Symbol.dispose]()
  }

  /** Lower at once; higher when two readings agree, because memory that is given back between its files is in both. */
  #turnTo(wantedBytes: number): void {
    const agreedBytes = Math.min(wantedBytes, this.#wantedBytes)
    this.#wantedBytes = wantedBytes
    if (wantedBytes <= this.#highBytes - changeBytes) this.#highBytes = wantedBytes
    else if (agreedBytes >= this.#highBytes + changeBytes) this.#highBytes = agreedBytes
  }

  /** One at a time: the last one counts. */
  async #write(usageBytes: number): Promise<void> {
    if (this.#isWriting || this.#writtenBytes === this.#highBytes) return
    this.#isWriting = true
    this.#writtenBytes = this.#highBytes
    const text = this.#highBytes === off ? 'max' : String(this.#highBytes)
    try {
      if (this.#highBytes >= usageBytes) this.#file.write(text)
      else await this.#file.writeElsewhere(text)
    } catch {
      // The group has gone.
    }
    this.#isWriting = false
  }
}

/** A `memory.high`. Who writes a value below what is in use takes the time to drop file cache until it fits. */
export type HighFile = Disposable & {
  /** At once. */
  write(text: string): void
  /** In another thread, which may be long in coming when processors are scarce: 6 s were seen. */
  writeElsewhere(text: string): Promise<void>
}

/** O_NONBLOCK: newer kernels then leave the dropping to others, see Documentation/admin-guide/cgroup-v2.rst. */
function openHigh(directory: string): HighFile {
  const file = openSync(join(directory, 'memory.high'), constants.O_WRONLY | constants.O_NONBLOCK)
  let isDisposed = false
  let isBusy = false
  return {
    write: (text) => void writeSync(file, text, 0),
    writeElsewhere: (text) =>
      new Promise((resolve, reject) => {
        isBusy = true
        write(file, text, 0, (error) => {
          isBusy = false
          if (isDisposed) closeSync(file)
          if (error) reject(error)
          else resolve()
        })
      }),
    [Symbol.dispose]: () => {
      // Its number may belong to another file by the time that the other thread writes.
      if (!isDisposed && !isBusy) closeSync(file)
      isDisposed = true
    },
  }
}

/**
 * What tasks use now and what is left for them. One task alone may have all that is left, as the guard would not act on
 * it; one that runs beside suspended ones is slowed only where the guard stops those.
 */
function wantedBytes(usageBytes: number, nearness: Nearness): number {
  const { limitRoomBytes, nearestLimitBytes, nearestLineBytes, tasks, suspended } = nearness
  if (tasks < 2) return off
  const share = tasks - suspended < 2 ? stopShare : beginShare
  const marginBytes = (nearestLimitBytes - nearestLineBytes) * (1 - share)
  return Math.max(0, Math.round(usageBytes + limitRoomBytes - marginBytes))
}
