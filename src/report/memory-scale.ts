/** Which row of the memory chart stands for which bytes. */
import type { MemoryPoint } from '../spine.ts'
import { formatSize } from '../units.ts'

export const chartRows = 8
/** Below this share of the load line, what there is would lie flat at the bottom. */
const flatShare = 0.5
/** A capacity so much above the load line (a budget far below it) is left out of the picture. */
const farFactor = 1.5

export type MemoryScale = {
  /** How many rows from the bottom so many bytes fill. */
  rowsFor(bytes: number): number
  rowOfLine(loadLineBytes: number): number
  /** The row in place of all those in which nothing would be, or null. */
  readonly leftOutRow: number | null
  /** By row, from 0 at the bottom. */
  readonly labels: ReadonlyMap<number, string>
}

/** From 0 to the capacity; or to what is of interest below it; or to the most that was in use, with the load line above, where that is much higher. */
export function scaleFor(points: readonly MemoryPoint[]): MemoryScale {
  const lineBytes = points.at(-1)?.loadLineBytes ?? 0
  const lowestLineBytes = Math.min(...points.map((point) => point.loadLineBytes))
  const mostBytes = Math.max(1, ...points.map(claimedOf))
  const lineWords = `load line ${formatSize(lineBytes)}`
  if (mostBytes < flatShare * lowestLineBytes) {
    const rows = chartRows - 2
    return {
      rowsFor: (bytes) => linear(bytes, mostBytes, rows),
      rowOfLine: () => chartRows - 1,
      leftOutRow: rows,
      labels: new Map([...edges(mostBytes, rows), [chartRows - 1, lineWords]]),
    }
  }
  const topBytes = topOf(points, mostBytes)
  const rowOfLine = (bytes: number): number =>
    Math.min(chartRows - 1, Math.floor((Math.max(0, bytes) / topBytes) * chartRows))
  return {
    rowsFor: (bytes) => linear(bytes, topBytes, chartRows),
    rowOfLine,
    leftOutRow: null,
    labels: new Map([...edges(topBytes, chartRows), [rowOfLine(lineBytes), lineWords]]),
  }
}

function topOf(points: readonly MemoryPoint[], mostBytes: number): number {
  const capacityBytes = Math.max(...points.map((point) => point.capacityBytes))
  const highestLineBytes = Math.max(...points.map((point) => point.loadLineBytes))
  const highestBytes = Math.max(mostBytes, highestLineBytes)
  if (capacityBytes < farFactor * highestBytes) return Math.max(capacityBytes, 1)
  return Math.max(mostBytes, highestLineBytes * (chartRows / (chartRows - 1)))
}

const claimedOf = ({ usedBytes, tasksBytes, claimBytes }: MemoryPoint): number =>
  Math.max(usedBytes, tasksBytes) + claimBytes

const linear = (bytes: number, topBytes: number, rows: number): number =>
  Math.min(rows, Math.round((Math.max(0, bytes) / topBytes) * rows))

const edges = (topBytes: number, rows: number): readonly (readonly [number, string])[] => [
  [0, '0 B'],
  [rows - 1, formatSize(topBytes)],
]
