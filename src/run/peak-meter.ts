/** The greatest memory that all running tasks used together, as far as samples show. One entry for each running task. */
export class PeakMeter {
  readonly #now = new Map<string, number>()
  #sumBytes = 0
  #peakBytes = 0
  #recentBytes = 0

  get peakBytes(): number {
    return this.#peakBytes
  }

  /** The greatest since it was last taken. */
  takeRecentBytes(): number {
    const recentBytes = this.#recentBytes
    this.#recentBytes = this.#sumBytes
    return recentBytes
  }

  observe(task: string, bytes: number): void {
    this.#sumBytes += bytes - (this.#now.get(task) ?? 0)
    this.#now.set(task, bytes)
    this.#peakBytes = Math.max(this.#peakBytes, this.#sumBytes)
    this.#recentBytes = Math.max(this.#recentBytes, this.#sumBytes)
  }

  /** The kernel may have seen more of one task than any sample did. */
  atLeast(bytes: number): void {
    this.#peakBytes = Math.max(this.#peakBytes, bytes)
    this.#recentBytes = Math.max(this.#recentBytes, bytes)
  }

  release(task: string): void {
    this.#sumBytes -= this.#now.get(task) ?? 0
    this.#now.delete(task)
  }
}
