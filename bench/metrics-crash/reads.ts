/** Reads again and again, and counts how often that failed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type BenchRow, never, told } from '../measure.ts'

export class Reads {
  #count = 0
  #failures = 0

  async goOn(forMs: number, read: () => Promise<unknown>): Promise<void> {
    const end = performance.now() + forMs
    while (performance.now() < end) {
      try {
        await read()
        this.#count += 1
      } catch (error) {
        this.#failures += 1
        console.error(String(error))
      }
      await sleep(5)
    }
  }

  get rows(): readonly BenchRow[] {
    return [told('  reads meanwhile', [this.#count], ''), never('  reads that failed', [this.#failures], '')]
  }
}
