/** How full memory is now, as a picture of one line. */
import type { Tone } from './event-words.ts'
import { type Piece, piecesOfCells } from './pieces.ts'

export type MemoryShares = {
  readonly usedBytes: number
  readonly loadLineBytes: number
  readonly capacityBytes: number
  /** The part of `usedBytes` that the tasks of the run use. Default: all of it. */
  readonly tasksBytes?: number
  /** Reserved and not used yet. Default 0. */
  readonly claimBytes?: number
}

/** As in the memory chart. */
const cellTones: Readonly<Record<string, Tone>> = { '#': 'good', '-': 'cool', ':': 'quiet', '.': 'quiet' }

/** "[:::#######-----....|....]": what others use, what tasks use, what is reserved, and the load line where it lies. */
export const memoryBar = (memory: MemoryShares, columns: number): string => `[${cellsOf(memory, columns)}]`

/** The same in colours: above the load line all that is used is bad. */
export function memoryBarPieces(memory: MemoryShares, columns: number): readonly Piece[] {
  const isAbove = memory.usedBytes > memory.loadLineBytes
  const tones = isAbove ? { ...cellTones, '#': 'bad' as const, ':': 'bad' as const } : cellTones
  const bracket = (text: string): Piece => ({ tone: 'plain', text })
  return [bracket('['), ...piecesOfCells(cellsOf(memory, columns), tones), bracket(']')]
}

function cellsOf(memory: MemoryShares, columns: number): string {
  const { usedBytes, loadLineBytes, tasksBytes = usedBytes, claimBytes = 0 } = memory
  const capacity = Math.max(1, memory.capacityBytes)
  const columnOf = (bytes: number): number =>
    Math.min(columns, Math.max(0, Math.round((bytes / capacity) * columns)))
  const others = columnOf(usedBytes - tasksBytes)
  const used = columnOf(usedBytes)
  const claimed = columnOf(usedBytes + claimBytes)
  const line = Math.min(columns - 1, columnOf(loadLineBytes))
  const cells = Array.from({ length: columns }, (_, index) => {
    if (index === line) return '|'
    if (index < others) return ':'
    if (index < used) return '#'
    return index < claimed ? '-' : '.'
  })
  return cells.join('')
}
