/** How what was counted is printed. */
import { type BenchRow, never } from '../measure.ts'
import type { Stored } from './chunks.ts'
import type { Kept } from './kept.ts'

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

export const keptRows = (label: string, all: readonly Kept[]): readonly BenchRow[] => [
  never(
    `  ${label}: deleted samples seen again`,
    all.map(({ older }) => older),
    '',
  ),
  never(
    `  ${label}: newer samples missing`,
    all.map(({ missing }) => missing),
    '',
  ),
  never(
    `  ${label}: samples twice, or with other values`,
    all.map(({ twice, wrong }) => twice + wrong),
    '',
  ),
]
