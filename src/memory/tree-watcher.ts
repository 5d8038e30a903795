/**
 * Watches the memory of process trees by sampling their control groups, or /proc where they have none: one timer for
 * all of them, off when nothing is watched.
 */
import type { Clock } from '../clock.ts'
import type { Bracket } from '../spine.ts'
import { type KnownProcess, ProcessFinder } from './process-finder.ts'
import { type HeldGroup, WatchedTree } from './watched-tree.ts'

export type TreeWatcherOptions = {
  readonly clock: Clock
  /** Where /proc is looked for. Default `/`. */
  readonly root?: string
  /** Default 100. */
  readonly intervalMs?: number
  /** To be shared with whoever else looks for processes, so that each is read once. */
  readonly finder?: ProcessFinder
}

/** Disposing ends the watching; what was seen can still be read. */
export type TreeWatch = Disposable & {
  /**
   * With a control group: what it says, see `TaskGroup.peak`. Else `lower`: the greatest sum of resident memory seen at one moment, or the greatest peak of a single process if that
   * is more. `upper`: the greatest sum of peaks of processes that ran at the same moment; null when the tree was
   * never seen. Memory that processes share counts for each; a process that lived between two samples is missed.
   */
  peak(): Bracket
  /** Memory in use at the last sample: of the control group, else the sum of resident memory. */
  currentBytes(): number
  /** Takes a sample now; tells `onSample` and answers it. */
  look(): number
  /** The processes that were seen to belong to it and ran at the last sample. */
  members(): ReadonlySet<number>
}

/** After its start a tree changes quickly, and a short one is over before the first regular sample. */
const earlySamplesMs = [5, 20, 50]

type Entry = { readonly tree: WatchedTree; readonly startMs: number; earlySamples: number }

export class TreeWatcher implements AsyncDisposable {
  readonly #clock: Clock
  readonly #root: string
  #intervalMs: number
  readonly #finder: ProcessFinder
  /** As many as tasks run at once. */
  readonly #entries = new Set<Entry>()
  #timer: Disposable | undefined
  #timerDueMs = Number.POSITIVE_INFINITY
  #nextScanMs = 0
  /** The list whose processes have been given to the trees that are watched now. */
  #assigned: ReadonlyMap<number, KnownProcess> | undefined

  constructor(options: TreeWatcherOptions) {
    const { clock, root = '/', intervalMs = 100, finder = new ProcessFinder({ root, clock }) } = options
    this.#clock = clock
    this.#root = root
    this.#intervalMs = intervalMs
    this.#finder = finder
  }

  /** How often each tree is looked at, in milliseconds; may be changed while some are watched. */
  get intervalMs(): number {
    return this.#intervalMs
  }

  set intervalMs(ms: number) {
    this.#nextScanMs += ms - this.#intervalMs
    this.#intervalMs = ms
    if (this.#entries.size === 0) return
    this.#stopTimer()
    this.#schedule(this.#clock.monotonic())
  }

  /**
   * Watches the process `pid`, everything it starts, everything of the session that it leads, and whatever carries
   * `token`; or the control group, once a process has joined it. Takes the first sample at once. `onSample` hears the
   * memory in use after each sample.
   */
  watch(
    pid: number,
    token: string,
    onSample?: (bytes: number) => void,
    group: HeldGroup | null = null,
  ): TreeWatch {
    const startMs = this.#clock.monotonic()
    if (this.#entries.size === 0) this.#nextScanMs = startMs + this.#intervalMs
    const tree = new WatchedTree({ root: this.#root, pid, token, onSample, group })
    const entry: Entry = { tree, startMs, earlySamples: 0 }
    this.#entries.add(entry)
    this.#assigned = undefined
    tree.addChildren()
    tree.sample()
    this.#schedule(startMs)
    return {
      peak: () => tree.peak,
      currentBytes: () => tree.currentBytes,
      look: () => {
        if (!this.#entries.has(entry)) return tree.currentBytes
        tree.addChildren()
        tree.sample()
        return tree.currentBytes
      },
      members: () => new Set(tree.members()),
      [Symbol.dispose]: () => this.#forget(entry),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const entry of this.#entries) this.#forget(entry)
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry)
    entry.tree[Symbol.dispose]()
    if (this.#entries.size === 0) this.#stopTimer()
  }

  #stopTimer(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    this.#timerDueMs = Number.POSITIVE_INFINITY
  }

  #schedule(nowMs: number): void {
    let dueMs = this.#nextScanMs
    for (const entry of this.#entries) dueMs = Math.min(dueMs, earlyDueMs(entry))
    if (dueMs >= this.#timerDueMs) return
    this.#stopTimer()
    this.#timerDueMs = dueMs
    this.#timer = this.#clock.every(Math.max(1, dueMs - nowMs), () => this.#tick())
  }

  #tick(): void {
    this.#stopTimer()
    const nowMs = this.#clock.monotonic()
    const isScan = nowMs >= this.#nextScanMs
    if (isScan) {
      this.#scan()
      this.#nextScanMs = nowMs + this.#intervalMs
    }
    for (const entry of this.#entries) {
      const isEarly = earlyDueMs(entry) <= nowMs
      while (earlyDueMs(entry) <= nowMs) entry.earlySamples += 1
      if (isEarly && !isScan) entry.tree.addChildren()
      if (isEarly || isScan) entry.tree.sample()
    }
    if (this.#entries.size > 0) this.#schedule(nowMs)
  }

  /** One listing for all trees: a member is known by its session, else by its token, else by who started it. */
  #scan(): void {
    const trees = [...this.#entries].map(({ tree }) => tree).filter((tree) => !tree.hasGroup)
    if (trees.length === 0) return
    const found = this.#finder.scan()
    if (found === this.#assigned) return
    this.#assigned = found
    const bySession = new Map(trees.map((tree) => [tree.pid, tree]))
    const byToken = new Map(trees.map((tree) => [tree.token, tree]))
    const byMember = new Map(trees.flatMap((tree) => [...tree.members()].map((pid) => [pid, tree] as const)))
    for (const { pid, session, token, parent } of found.values()) {
      const tree = bySession.get(session) ?? byToken.get(token ?? '') ?? byMember.get(parent)
      if (tree === undefined || pid === process.pid) continue
      tree.add(pid)
      byMember.set(pid, tree)
    }
  }
}

const earlyDueMs = (entry: Entry): number =>
  entry.startMs + (earlySamplesMs[entry.earlySamples] ?? Number.POSITIVE_INFINITY)
