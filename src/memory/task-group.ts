/** One control group that holds one task: its hard limit, what it uses, its peak, and whom the kernel killed in it. */
import { existsSync, mkdirSync, readdirSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { systemCodeOf } from '../errors.ts'
import type { Bracket } from '../spine.ts'
import type { GroupKind } from './group-chains.ts'
import { taskGroupFiles } from './group-files.ts'
import { pidsIn } from './group-place.ts'
import { type KeptFile, keepFile } from './kept-file.ts'

/** A removed group is busy for as long as the kernel takes to bury its last process. */
const removeTries = 50
const removeEveryMs = 20

/** The kernel counts memory in advance for each processor: so close to its limit a group has come to it. */
const batchBytes = 2 ** 20

export type TaskGroupOptions = {
  readonly kind: GroupKind
  readonly directory: string
  readonly limitBytes: number
  readonly clock: Clock
  /** It was given back. */
  readonly onEnd: () => void
}

export class TaskGroup implements AsyncDisposable {
  readonly limitBytes: number
  /** A process that writes 0 into this file joins the group, with all that it starts later. */
  readonly joinFile: string
  readonly #kind: GroupKind
  readonly #directory: string
  readonly #clock: Clock
  readonly #onEnd: () => void
  readonly #files: Readonly<Record<'usage' | 'stat' | 'peak' | 'kills', KeptFile | undefined>>
  #usageBytes = 0
  #cacheBytes = 0
  #kernelPeakBytes = 0
  #currentBytes = 0
  #lowerBytes = 0
  #upperBytes = 0

  /** Throws the system error where no group can be made, or where it gets no limit. */
  constructor(options: TaskGroupOptions) {
    const { kind, directory, limitBytes } = options
    const names = taskGroupFiles[kind]
    mkdirSync(directory)
    this.#kind = kind
    this.#directory = directory
    this.#clock = options.clock
    this.#onEnd = options.onEnd
    this.limitBytes = limitBytes
    this.joinFile = join(directory, 'cgroup.procs')
    try {
      write(join(directory, names.limit), String(limitBytes))
      const swap = join(directory, names.swapLimit.file)
      if (existsSync(swap)) write(swap, names.swapLimit.text(limitBytes))
    } catch (error) {
      rmdirSync(directory)
      throw error
    }
    const keep = (name: string): KeptFile | undefined => keepFile(join(directory, name))
    this.#files = {
      usage: keep(names.usage),
      stat: keep('memory.stat'),
      peak: keep(names.peak),
      kills: keep(names.kills.file),
    }
  }

  /** True once a process has joined. */
  get isUsed(): boolean {
    return this.#kernelPeakBytes > 0
  }

  /**
   * What the group used at the last `look`, and at its greatest: its memory without inactive file cache. Where the
   * kernel's own record rose between two looks, the cache at that moment is not known, only before and after it:
   * `lower` takes the larger, `upper` that of the look at which more was in use, so nearer to the record.
   */
  get currentBytes(): number {
    return this.#currentBytes
  }

  get peak(): Bracket {
    return { lower: this.#lowerBytes, upper: this.isUsed ? this.#upperBytes : null }
  }

  /** Reads anew; answers the memory in use, in bytes. */
  look(): number {
    const names = taskGroupFiles[this.#kind]
    const usageBytes = numberIn(read(this.#files.usage))
    if (usageBytes === null) return this.#currentBytes
    const cacheBytes = numberIn(read(this.#files.stat), names.cache) ?? 0
    const peakBytes = numberIn(read(this.#files.peak)) ?? Math.max(usageBytes, this.#kernelPeakBytes)
    this.#currentBytes = Math.max(0, usageBytes - cacheBytes)
    this.#lowerBytes = Math.max(this.#lowerBytes, this.#currentBytes)
    if (peakBytes > this.#kernelPeakBytes) {
      const likelyCache = usageBytes >= this.#usageBytes ? cacheBytes : this.#cacheBytes
      this.#lowerBytes = Math.max(this.#lowerBytes, peakBytes - Math.max(cacheBytes, this.#cacheBytes))
      this.#upperBytes = Math.max(this.#upperBytes, peakBytes - likelyCache)
    }
    this.#upperBytes = Math.max(this.#upperBytes, this.#lowerBytes)
    this.#usageBytes = usageBytes
    this.#kernelPeakBytes = peakBytes
    this.#cacheBytes = cacheBytes
    return this.#currentBytes
  }

  /**
   * How many processes of the group the kernel has killed for want of memory, and whether at the group's own limit;
   * otherwise a group around it, or the machine, was out of memory.
   */
  kernelKills(): { readonly count: number; readonly atOwnLimit: boolean } {
    const { kills, limitHits } = taskGroupFiles[this.#kind]
    const text = read(this.#files.kills)
    const count = numberIn(text, kills.pattern) ?? 0
    if (count === 0) return { count, atOwnLimit: false }
    if (limitHits !== null) return { count, atOwnLimit: (numberIn(text, limitHits) ?? 0) > 0 }
    this.look()
    return { count, atOwnLimit: this.#kernelPeakBytes >= this.limitBytes - batchBytes }
  }

  /** Every process in it, whatever has become of its parent, its session and its environment. */
  pids(): readonly number[] {
    return pidsBelow(this.#directory)
  }

  /** Kills what is still inside and removes it. What cannot be removed is left to the next engine. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const file of Object.values(this.#files)) file?.[Symbol.dispose]()
    for (let tries = 0; !removeGroup(this.#directory) && tries < removeTries; tries += 1) {
      for (const pid of this.pids()) kill(pid)
      await this.#clock.sleep(removeEveryMs)
    }
    this.#onEnd()
  }
}

/** What is no control group has no such file, and gets none. */
const write = (path: string, text: string): void => writeFileSync(path, text, { flag: 'r+' })

/** Removes a group and those inside of it; false while processes are inside. */
export function removeGroup(directory: string): boolean {
  for (const inner of groupsIn(directory)) removeGroup(inner)
  try {
    rmdirSync(directory)
    return true
  } catch (error) {
    return systemCodeOf(error) === 'ENOENT'
  }
}

/** A task may have divided its group further. */
function pidsBelow(directory: string): readonly number[] {
  return [...pidsIn(directory), ...groupsIn(directory).flatMap(pidsBelow)]
}

function groupsIn(directory: string): readonly string[] {
  try {
    // Two links and one for each directory inside; there are some 40 files, and a group inside is rare.
    if (statSync(directory).nlink === 2) return []
    const entries = readdirSync(directory, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(directory, name))
  } catch {
    return [] // it is gone
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

function read(file: KeptFile | undefined): string {
  try {
    return file?.read() ?? ''
  } catch {
    return '' // ENODEV: the group was removed by somebody else
  }
}

function numberIn(text: string, pattern = /^(\d{1,16})\s*$/): number | null {
  const digits = pattern.exec(text)?.[1]
  return digits === undefined ? null : Number(digits)
}
