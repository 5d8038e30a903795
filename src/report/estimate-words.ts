/** What was expected of a task's memory, in words. */
import type { MemoryEstimate } from '../spine.ts'
import { formatSize } from '../units.ts'
import { countOf } from './event-words.ts'

/** "612 MiB, 3 runs", "300 MiB, declared", "1 GiB, guess"; "-" for work that needs nothing or never started. */
export function expectedText(estimate: MemoryEstimate | undefined): string {
  if (estimate === undefined) return '-'
  const { bytes, source, runs } = estimate
  return `${formatSize(bytes)}, ${source === 'history' ? countOf(runs, 'run') : source}`
}

/** "history, 3 runs (75 %)", "declared (50 %)", "guess": the ground and how sure it is. */
export function groundText({ source, runs, confidence }: MemoryEstimate): string {
  if (source === 'guess') return source
  const counted = runs > 0 ? `, ${countOf(runs, 'run')}` : ''
  return `${source}${counted} (${Math.round(confidence * 100)} %)`
}
