/** One control group that holds one task: its hard limit, what it uses, its peak, and whom the kernel killed in it. */
import { existsSync, mkdirSync, readdirSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { systemCodeOf } from '../errors.ts'
import type { Bracket } from '../spine.ts'
import type { GroupKind } from './group-chains.ts'
import { taskGroupFiles } from './group-files.ts'
import { pidsIn } from './group-place.ts'
import { GroupRecord, type KernelKillsOfGroup } from './group-record.ts'
import { type KeptFile, keepFile } from './kept-file.ts'

/** A removed group is busy for as long as the kernel takes to bury its last process. */
const removeTries = 50
const removeEveryMs = 20

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
  readonly #record: GroupRecord

  /** Throws the system error where no group can be made, or where it gets no limit. */
  constructor(options: TaskGroupOptions) {
    const { kind, directory, limitBytes } = options
    const names = taskGroupFiles[kind]
    mkdirSync(directory)
    this.#kind = kind
    this.#directory = directory
    this.#clock = options.clock
    this.#onEnd = options.onEnd
    this.#record = new GroupRecord(kind, limitBytes)
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
    return this.#record.isUsed
  }

  /** As of the last `look`. */
  get peak(): Bracket {
    return this.#record.peak
  }

  /** Reads anew; answers the memory in use, in bytes. */
  look(): number {
    const { usage, stat, peak } = this.#files
    return this.#record.noteUse({ usage: read(usage), stat: read(stat), peak: read(peak) })
  }

  /** Reads anew; see `GroupRecord`. */
  kernelKills(): KernelKillsOfGroup {
    this.#record.noteKills(read(this.#files.kills))
    if (this.#kind === 'v1' && this.#record.kernelKills.count > 0) this.look()
    return this.#record.kernelKills
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

/** Every process inside: a task may have divided its group further. */
export function pidsBelow(directory: string): readonly number[] {
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
