/** How full memory is, as a picture. */

/** "[#########...........|....]": what is used, and the load line where it lies. */
export function memoryBar(
  memory: { usedBytes: number; loadLineBytes: number; capacityBytes: number },
  columns: number,
): string {
  const capacity = Math.max(1, memory.capacityBytes)
  const columnOf = (bytes: number): number =>
    Math.min(columns, Math.max(0, Math.round((bytes / capacity) * columns)))
  const used = columnOf(memory.usedBytes)
  const line = Math.min(columns - 1, columnOf(memory.loadLineBytes))
  const cells = Array.from({ length: columns }, (_, index) =>
    index === line ? '|' : index < used ? '#' : '.',
  )
  return `[${cells.join('')}]`
}
