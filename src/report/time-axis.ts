/** Where a moment of a run lies in a picture of so many columns. */
export type TimeAxis = {
  readonly fromMs: number
  readonly toMs: number
  /** At least 1. */
  readonly columns: number
}

/** The column of a moment; what lies outside is at the edge. */
export function columnAt({ fromMs, toMs, columns }: TimeAxis, atMs: number): number {
  const column = Math.floor(((atMs - fromMs) / Math.max(1, toMs - fromMs)) * columns)
  return Math.max(0, Math.min(columns - 1, column))
}

export const startOf = ({ fromMs, toMs, columns }: TimeAxis, column: number): number =>
  fromMs + (column / columns) * Math.max(1, toMs - fromMs)
