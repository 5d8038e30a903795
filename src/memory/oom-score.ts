/**
 * Whom the kernel ends when memory is full: the process with the greatest score, which is its share of that memory in
 * thousandths plus what it was given (0 to 1,000 for whoever may only raise it). So that an engine outlives its tasks,
 * they get more than it has.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** An engine that uses less than half of the memory there is outlives a task that uses next to nothing. */
export const oomScoreOfTasks = 500
const greatestScore = 1_000

/** Lets the kernel end this process before us. It does nothing where there is no /proc, or the process has ended. */
export function endBeforeUs(pid: number, root = '/'): void {
  const file = (of: string | number): string => join(root, 'proc', String(of), 'oom_score_adj')
  try {
    const ours = Number(readFileSync(file('self'), 'latin1'))
    writeFileSync(file(pid), String(Math.min(greatestScore, ours + oomScoreOfTasks)))
  } catch {
    // What it would have shortened is only the kernel's choice.
  }
}
