/** One process tree: its members, and the memory they were seen to use. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bracket } from '../spine.ts'
import { ProcessMemory } from './process-memory.ts'
import type { TaskGroup } from './task-group.ts'

/** Members of one tree whose two files stay open; those of further ones are opened and closed at each reading. */
const mostKept = 32

/** What holds a tree and tells of it; a group of ours, or a scope of systemd. */
export type HeldGroup = Pick<TaskGroup, 'isUsed' | 'peak' | 'look' | 'pids'>

type WatchedTreeOptions = {
  readonly root: string
  /** The process that everything else of the tree comes from. */
  readonly pid: number
  readonly token: string
  readonly onSample: ((bytes: number) => void) | undefined
  /** Asked instead of /proc from when the first process has joined it. */
  readonly group: HeldGroup | null
}

export class WatchedTree implements Disposable {
  readonly pid: number
  readonly token: string
  readonly #root: string
  readonly #group: HeldGroup | null
  readonly #onSample: ((bytes: number) => void) | undefined
  /** By pid; as many as there are processes in the tree. */
  readonly #members = new Map<number, ProcessMemory>()
  #currentBytes = 0
  #lowerBytes = 0
  #upperBytes: number | null = null

  constructor(options: WatchedTreeOptions) {
    this.pid = options.pid
    this.token = options.token
    this.#root = options.root
    this.#onSample = options.onSample
    this.#group = options.group
    this.add(options.pid)
  }

  get currentBytes(): number {
    return this.#currentBytes
  }

  get hasGroup(): boolean {
    return this.#group?.isUsed === true
  }

  /** The group remembers what was used since the last sample, also when nothing runs any more. */
  get peak(): Bracket {
    this.#group?.look()
    if (this.#group?.isUsed) return this.#group.peak
    return { lower: this.#lowerBytes, upper: this.#upperBytes }
  }

  /** The processes that are known to belong to it. */
  members(): Iterable<number> {
    return this.#group?.isUsed ? this.#group.pids() : this.#members.keys()
  }

  add(pid: number): void {
    if (this.#members.has(pid)) return
    this.#members.set(pid, new ProcessMemory(this.#root, pid, this.#members.size < mostKept))
  }

  /** Children that the first thread of each member has started; cheaper than a scan of all processes. */
  addChildren(): void {
    if (this.hasGroup) return
    for (const pid of this.#members.keys()) {
      for (const child of childrenOf(this.#root, pid)) this.add(child)
    }
  }

  sample(): void {
    const bytes = this.#group?.look() ?? 0
    if (this.#group?.isUsed) this.#currentBytes = bytes
    else this.#sampleProcesses()
    this.#onSample?.(this.#currentBytes)
  }

  [Symbol.dispose](): void {
    for (const [pid, member] of this.#members) this.#remove(pid, member)
  }

  #sampleProcesses(): void {
    let residentBytes = 0
    let sumOfPeaks = 0
    let greatestPeak = 0
    for (const [pid, member] of this.#members) {
      const memory = member.read()
      if (memory === undefined) {
        this.#remove(pid, member)
        continue
      }
      residentBytes += memory.residentBytes
      sumOfPeaks += memory.peakBytes
      greatestPeak = Math.max(greatestPeak, memory.peakBytes)
    }
    this.#currentBytes = residentBytes
    if (sumOfPeaks > 0) {
      this.#lowerBytes = Math.max(this.#lowerBytes, residentBytes, greatestPeak)
      this.#upperBytes = Math.max(this.#upperBytes ?? 0, sumOfPeaks)
    }
  }

  #remove(pid: number, member: ProcessMemory): void {
    member[Symbol.dispose]()
    this.#members.delete(pid)
  }
}

function childrenOf(root: string, pid: number): readonly number[] {
  try {
    const text = readFileSync(join(root, 'proc', `${pid}/task/${pid}/children`), 'latin1')
    return text.split(' ').filter(Boolean).map(Number)
  } catch {
    return [] // it has ended, or this kernel has no such file: the next scan finds them
  }
}
