/** One promised feature: its exercise runs the real thing now and tells in a sentence what it saw, or throws. */
export type Row = {
  readonly component: string
  readonly number: number
  readonly title: string
  /** Null while the feature is not built. */
  readonly exercise: (() => Promise<string>) | null
}

type Feature = readonly [title: string, exercise: (() => Promise<string>) | null]

/** Rows are numbered in the order in which they were promised. */
export function rowsOf(component: string, features: readonly Feature[]): readonly Row[] {
  return features.map(([title, exercise], index) => ({ component, number: index + 1, title, exercise }))
}
