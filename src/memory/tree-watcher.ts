/** Watches the memory of process trees by sampling /proc: one timer for all of them, off when nothing is watched. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import type { Bracket } from '../spine.ts'
import { ProcessFinder } from './process-finder.ts'
import { ProcessMemory } from './process-memory.ts'

export type TreeWatcherOptions = {
  readonly clock: Clock
  /** Where /proc is looked for. Default `/`. */
  readonly root?: string
  /** Default 100. */
  readonly intervalMs?: number
  /** Shared with whoever else lists processes, so that each is read once. */
  readonly finder?: ProcessFinder
}

export type TreeWatch = Disposable & {
  /**
   * `lower` is the greatest sum of resident memory seen at one moment, or the greatest peak of a single process if
   * that is more; `upper` the greatest sum of the peaks of processes that ran at the same moment, null when the tree
   * was never seen. Memory that processes share counts for each; a process that lived between two samples is missed.
   */
  peak(): Bracket
  /** At the last sample. */
  currentBytes(): number
}

/** A tree that is just starting changes quickly, and a short one would be over before the first regular sample. */
const earlySamplesMs = [5, 20, 50]

type Tree = {
  readonly pid: number
  readonly token: string
  readonly onSample: ((bytes: number) => void) | undefined
  readonly startMs: number
  earlySamples: number
  /** By pid; as many as the tree has processes. */
  readonly members: Map<number, ProcessMemory>
  currentBytes: number
  lower: number
  upper: number | null
}

export class TreeWatcher implements AsyncDisposable {
  readonly #clock: Clock
  readonly #root: string
  readonly #intervalMs: number
  readonly #finder: ProcessFinder
  readonly #trees = new Set<Tree>()
  #timer: Disposable | undefined
  #timerDueMs = Number.POSITIVE_INFINITY
  #nextScanMs = 0

  constructor(options: TreeWatcherOptions) {
    this.#clock = options.clock
    this.#root = options.root ?? '/'
    this.#intervalMs = options.intervalMs ?? 100
    this.#finder = options.finder ?? new ProcessFinder({ root: this.#root })
  }

  /** `pid` leads a session of its own. `onSample` hears the tree's resident memory after each sample. */
  watch(pid: number, token: string, onSample?: (bytes: number) => void): TreeWatch {
    const startMs = this.#clock.monotonic()
    if (this.#trees.size === 0) this.#nextScanMs = startMs + this.#intervalMs
    const members = new Map<number, ProcessMemory>()
    const tree: Tree = { pid, token, onSample, startMs, earlySamples: 0, members, currentBytes: 0, lower: 0, upper: null }
    this.#trees.add(tree)
    this.#addMember(tree, pid)
    for (const known of this.#finder.known()) this.#adopt(known, [tree])
    this.#sample(tree)
    this.#schedule()
    return {
      peak: () => ({ lower: tree.lower, upper: tree.upper }),
      currentBytes: () => tree.currentBytes,
      [Symbol.dispose]: () => this.#forget(tree),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const tree of this.#trees) this.#forget(tree)
  }
}
