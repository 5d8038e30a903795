/** The words of the metrics: what goes in, what comes out, and what is asked. Times are milliseconds since 1970. */

/** Names and values as Prometheus allows them; a label with an empty value is one that is not there. */
export type Labels = Readonly<Record<string, string>>

export type Sample = {
  readonly name: string
  readonly labels: Labels
  readonly timestampMs: number
  /** A number is kept bit for bit, also NaN with its payload and -0. A bigint is a counter of 64 bits (-2^63 to 2^64-1). */
  readonly value: number | bigint
}

/** What is recorded: without labels it has none, without a time it is of now. */
export type NewSample = Pick<Sample, 'name' | 'value'> & Partial<Pick<Sample, 'labels' | 'timestampMs'>>

/** One name with one set of labels. */
export type Series = { readonly name: string; readonly labels: Labels }

/** A regular expression matches the whole value, as in Prometheus. The label `__name__` is the name. */
export type Matcher = {
  readonly label: string
  readonly op: '=' | '!=' | '=~' | '!~'
  readonly value: string
}

export type SeriesQuery = {
  readonly name?: string
  /** Each must be there with this value; an empty value: must not be there. */
  readonly labels?: Labels
  readonly matchers?: readonly Matcher[]
}

/** From `fromMs` on and before `toMs`. What is left open has no bound. */
export type SampleQuery = SeriesQuery & { readonly fromMs?: number; readonly toMs?: number }

/**
 * Samples of one series as columns, ascending in time, no time twice. Columns are the reader's own: nobody changes them.
 * Where `kinds` is not 0 the eight bytes of the value are a whole number: `valueAt` and `numbersOf` know that.
 */
export type Columns = {
  readonly timestampsMs: Float64Array
  readonly values: Float64Array
  /** For each value: 0 a number, 1 a bigint, 2 a bigint of 2^63 or more. Null where all are numbers. */
  readonly kinds: Uint8Array | null
}
export type Batch = Columns & { readonly series: Series }

export type Durability = 'normal' | 'full'
