/** How what was counted is printed. */
import { type BenchRow, never } from '../measure.ts'
import type { Stored } from './chunks.ts'

export const storedRows = (label: string, all: readonly Stored[]): readonly BenchRow[] => [
  never(
    `  ${label}: acknowledged samples missing`,
    all.map(({ missing }) => missing),
    '',
  ),
  never(
    `  ${label}: samples twice`,
    all.map(({ twice }) => twice),
    '',
  ),
  never(
    `  ${label}: other values`,
    all.map(({ wrong }) => wrong),
    '',
  ),
]
