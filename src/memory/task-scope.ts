/** The scope of systemd that holds one task: its limit, what it uses, its peak, and whom the kernel killed in it. */
import { join } from 'node:path'
import type { Bracket } from '../spine.ts'
import { taskGroupFiles } from './group-files.ts'
import { GroupRecord, type KernelKillsOfGroup } from './group-record.ts'
import { readScopeRecord, type ScopeTexts, scopeWords } from './scope-words.ts'
import type { ScopePlace } from './systemd-scope.ts'
import { pidsBelow } from './task-group.ts'
import { textOf } from './text-file.ts'

export type TaskScopeOptions = {
  readonly unit: string
  readonly limitBytes: number
  /** A file that is written when the command has ended. */
  readonly record: string
}

/** It is there some time after the command was started, and gone when its last process is. */
export class TaskScope {
  readonly limitBytes: number
  readonly #place: ScopePlace
  readonly #options: TaskScopeOptions
  readonly #directory: string
  readonly #record: GroupRecord
  #isHeld = false

  constructor(place: ScopePlace, options: TaskScopeOptions) {
    this.limitBytes = options.limitBytes
    this.#place = place
    this.#options = options
    this.#directory = join(place.directory, `${options.unit}.scope`)
    this.#record = new GroupRecord('v2', options.limitBytes)
  }

  wrap(words: readonly string[]): readonly string[] {
    return scopeWords(this.#place, { ...this.#options, directory: this.#directory }, words)
  }

  /** True once the kernel has said that the limit is in force. */
  get isUsed(): boolean {
    return this.#isHeld
  }

  /** As of the last `look`. */
  get peak(): Bracket {
    return this.#record.peak
  }

  /** Reads anew, when the scope has gone what was kept of it; answers the memory in use, in bytes. */
  look(): number {
    const texts = this.#texts() ?? readScopeRecord(this.#options.record)
    if (texts === null) return this.#record.noteUse(nothing)
    // The kernel rounds a limit down to whole pages.
    if (/^\d/.test(texts.limit) && Number(texts.limit) <= this.limitBytes) this.#isHeld = true
    this.#record.noteKills(texts.kills)
    return this.#record.noteUse(texts)
  }

  /** Reads anew; see `GroupRecord`. */
  kernelKills(): KernelKillsOfGroup {
    this.look()
    return this.#record.kernelKills
  }

  pids(): readonly number[] {
    return pidsBelow(this.#directory)
  }

  /** Null when it is not there. */
  #texts(): ScopeTexts | null {
    const { limit, usage, peak, kills } = taskGroupFiles.v2
    const text = (name: string): string => textOf(join(this.#directory, name))
    const limitText = text(limit)
    if (limitText === '') return null
    return {
      limit: limitText,
      usage: text(usage),
      stat: text('memory.stat'),
      peak: text(peak),
      kills: text(kills.file),
    }
  }
}

const nothing = { usage: '', stat: '', peak: '' }
