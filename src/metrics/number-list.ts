import { letGo } from '../buffers.ts'

/** 32 KB. */
const pageBits = 12
const pageMask = 2 ** pageBits - 1

/** Numbers by index, 8 bytes each; grows by pages with the greatest index. Whoever gives the indexes bounds it. */
export class NumberList {
  readonly #initial: number
  readonly #pages: Float64Array[] = []

  constructor(initial: number) {
    this.#initial = initial
  }

  at(index: number): number {
    return this.#pages[index >> pageBits]?.[index & pageMask] ?? this.#initial
  }

  set(index: number, value: number): void {
    const page = this.#pages[index >> pageBits] ?? this.#pageOf(index)
    page[index & pageMask] = value
  }

  /** Forgets them all. */
  letGo(): void {
    letGo(...this.#pages.splice(0))
  }

  #pageOf(index: number): Float64Array {
    let page = new Float64Array()
    while (this.#pages.length <= index >> pageBits) {
      page = new Float64Array(2 ** pageBits).fill(this.#initial)
      this.#pages.push(page)
    }
    return page
  }
}
