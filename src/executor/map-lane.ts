import type { Ledger } from '../memory/memory.ts'
import type { Admission } from './admission.ts'

type Parts = {
  readonly admission: Admission
  readonly ledger: Ledger
  readonly slots: {
    take(): boolean
    giveBack(): void
  }
  readonly reserveBytes: number
}

/** While nothing presses, memory is looked at once for so many items (a power of two). */
const itemsBetweenReadings = 256

let lanes = 0

/** What a map takes of the executor: slots, and one entry of the ledger for all that it has under way. */
export class MapLane {
  readonly #parts: Parts
  readonly #key: string
  #items = 0
  #isPressed = false

  constructor(parts: Parts) {
    this.#parts = parts
    this.#key = `map/${++lanes}`
  }

  readonly take = (running: number): boolean => {
    const { slots } = this.#parts
    if (running > 0 && !this.#hasRoom()) return false
    if (!slots.take()) return false
    this.#reserve(running + 1)
    return true
  }

  readonly giveBack = (running: number): void => {
    this.#reserve(running)
    this.#parts.slots.giveBack()
  }

  /** One of it may always run. */
  #hasRoom(): boolean {
    const { admission, reserveBytes } = this.#parts
    this.#items += 1
    if (reserveBytes === 0 && !this.#isPressed && (this.#items & (itemsBetweenReadings - 1)) !== 0)
      return true
    this.#isPressed = !admission.hasRoomFor(reserveBytes)
    return !this.#isPressed
  }

  #reserve(running: number): void {
    const { ledger, reserveBytes } = this.#parts
    if (reserveBytes === 0) return
    if (running === 0) ledger.release(this.#key)
    else ledger.reserve(this.#key, running * reserveBytes)
  }
}
