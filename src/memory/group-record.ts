/** What the files of one task's group have said: its memory in use, its peak, and whom the kernel killed in it. */
import type { Bracket } from '../spine.ts'
import type { GroupKind } from './group-chains.ts'
import { taskGroupFiles } from './group-files.ts'

/** The kernel counts memory in advance for each processor: so close to its limit a group has come to it. */
const batchBytes = 2 ** 20

export type KernelKillsOfGroup = {
  /** Of processes of the group, for want of memory. */
  readonly count: number
  /** Otherwise a group around it, or the machine, was out of memory. */
  readonly atOwnLimit: boolean
}

/** The texts of the files; empty where one is missing, or gone with its group. */
export type UseTexts = { readonly usage: string; readonly stat: string; readonly peak: string }

export class GroupRecord {
  readonly #kind: GroupKind
  readonly #limitBytes: number
  #usageBytes = 0
  #cacheBytes = 0
  #kernelPeakBytes = 0
  #currentBytes = 0
  #lowerBytes = 0
  #upperBytes = 0
  #kills = 0
  #limitHits = 0

  constructor(kind: GroupKind, limitBytes: number) {
    this.#kind = kind
    this.#limitBytes = limitBytes
  }

  /** True once a process has been in the group. */
  get isUsed(): boolean {
    return this.#kernelPeakBytes > 0
  }

  /**
   * What the group used at its greatest: its memory without inactive file cache. Where the kernel's own record rose
   * between two looks, the cache at that moment is not known, only before and after it: `lower` takes the larger,
   * `upper` that of the look at which more was in use, so nearer to the record.
   */
  get peak(): Bracket {
    return { lower: this.#lowerBytes, upper: this.isUsed ? this.#upperBytes : null }
  }

  get kernelKills(): KernelKillsOfGroup {
    const { limitHits } = taskGroupFiles[this.#kind]
    const isAtLimit =
      limitHits === null ? this.#kernelPeakBytes >= this.#limitBytes - batchBytes : this.#limitHits > 0
    return { count: this.#kills, atOwnLimit: this.#kills > 0 && isAtLimit }
  }

  /** Answers the memory in use, in bytes: what was last known where the texts say nothing. */
  noteUse({ usage, stat, peak }: UseTexts): number {
    const usageBytes = numberIn(usage)
    if (usageBytes === null) return this.#currentBytes
    const cacheBytes = numberIn(stat, taskGroupFiles[this.#kind].cache) ?? 0
    const peakBytes = numberIn(peak) ?? Math.max(usageBytes, this.#kernelPeakBytes)
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

  noteKills(text: string): void {
    const { kills, limitHits } = taskGroupFiles[this.#kind]
    this.#kills = numberIn(text, kills.pattern) ?? this.#kills
    if (limitHits !== null) this.#limitHits = numberIn(text, limitHits) ?? this.#limitHits
  }
}

function numberIn(text: string, pattern = /^(\d{1,16})\s*$/): number | null {
  const digits = pattern.exec(text)?.[1]
  return digits === undefined ? null : Number(digits)
}
