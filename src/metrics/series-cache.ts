/** The series that this process has written to lately, so that a sample finds its own without asking the database. */
import { checkSeries, idOf, invalid, keyOf, sorted } from './series-key.ts'
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

/** A step from a name over labels and values, in the order in which samples have them. */
type Step = { readonly next: Map<string, Step>; entry: Entry | null }
/** About 40 MB. With more the steps are made anew. */
const mostSteps = 200_000

export class SeriesCache {
  readonly #entries = new Map<string, Entry>()
  /**
   * To the same entries: looking up texts that samples have in common is several times faster than making one text of
   * them all.
   */
  #root: Step = { next: new Map(), entry: null }
  #steps = 0
  /** Of the series that the entries are of: another one when series were deleted. */
  form = 0

  /** @throws METRIC_INVALID */
  entryOf(name: string, labels: Labels): Entry {
    if (typeof labels !== 'object') throw invalid(`the labels of ${name} are ${typeof labels}, not an object`)
    let step = this.#root.next.get(name)
    for (const label in labels) step = step?.next.get(label)?.next.get(labels[label] as string)
    return step?.entry ?? this.#find(name, labels)
  }

  #find(name: string, labels: Labels): Entry {
    const key = keyOf(name, labels)
    const entry = this.#entries.get(key) ?? this.#add(key, name, labels)
    if (this.#steps > mostSteps) this.#forgetSteps()
    let step = this.#stepTo(this.#root, name)
    for (const label in labels) step = this.#stepTo(this.#stepTo(step, label), labels[label] as string)
    step.entry = entry
    return entry
  }

  #stepTo(from: Step, text: string): Step {
    const known = from.next.get(text)
    if (known !== undefined) return known
    const step = { next: new Map(), entry: null }
    from.next.set(text, step)
    this.#steps += 1
    return step
  }

  #forgetSteps(): void {
    this.#root = { next: new Map(), entry: null }
    this.#steps = 0
  }

  /** Series were deleted: nobody knows which. */
  begin(form: number): void {
    this.form = form
    this.#entries.clear()
    this.#forgetSteps()
  }

  #add(key: string, name: string, given: Labels): Entry {
    const labels = sorted(given)
    checkSeries(name, labels)
    const latestMs = Number.POSITIVE_INFINITY
    const entry = { key, name, labels, id: idOf(key, 0), tries: 0, isKnown: false, latestMs }
    this.#entries.set(key, entry)
    const oldest = this.#entries.size > mostEntries ? this.#entries.keys().next().value : undefined
    if (oldest !== undefined) {
      this.#entries.delete(oldest)
      // A step may lead to it.
      this.#forgetSteps()
    }
    return entry
  }
}
