/** The series that this process has written to lately, so that a sample finds its own without asking the database. */
import { checkSeries, idOf, keyOf, sorted } from './series-key.ts'
import type { Labels } from './words.ts'

export type Entry = {
  readonly key: string
  readonly name: string
  readonly labels: Labels
  /** Of the next try, should another series have it. */
  id: number
  tries: number
  /** Whether the series is known to be in the database. */
  isKnown: boolean
  /** No sample of it is later; infinity while nobody has looked. */
  latestMs: number
}

/** About 50 MB. Of more series the oldest are asked for again. */
const mostEntries = 100_000

export class SeriesCache {
  readonly #entries = new Map<string, Entry>()
  /** Of the series that the entries are of: another one when series were deleted. */
  form = 0

  /** @throws METRIC_INVALID */
  entryOf(name: string, labels: Labels): Entry {
    const key = keyOf(name, labels)
    return this.#entries.get(key) ?? this.#add(key, name, labels)
  }

  /** Series were deleted: nobody knows which. */
  begin(form: number): void {
    this.form = form
    this.#entries.clear()
  }

  #add(key: string, name: string, given: Labels): Entry {
    const labels = sorted(given)
    checkSeries(name, labels)
    const latestMs = Number.POSITIVE_INFINITY
    const entry = { key, name, labels, id: idOf(key, 0), tries: 0, isKnown: false, latestMs }
    this.#entries.set(key, entry)
    const oldest = this.#entries.size > mostEntries ? this.#entries.keys().next().value : undefined
    if (oldest !== undefined) this.#entries.delete(oldest)
    return entry
  }
}
