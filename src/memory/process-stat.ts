/** One line of /proc/PID/stat: who started the process, its group and session, and when. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export type ProcessStat = {
  /** One letter of proc(5): R, S, D, T, Z (zombie), X (dead), ... */
  readonly state: string
  readonly parent: number
  readonly group: number
  readonly session: number
  readonly startTicks: number
}

/** Undefined when there is no such process (any more), or no /proc. */
export function readProcessStat(root: string, pid: number): ProcessStat | undefined {
  try {
    return parseProcessStat(readFileSync(join(root, 'proc', String(pid), 'stat'), 'latin1'))
  } catch {
    return undefined
  }
}

/** The name of the program, field 2, may itself contain spaces and parentheses: fields count from the last `)`. */
export function parseProcessStat(text: string): ProcessStat | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state = '', parent, group, session] = fields
  const numbers = [parent, group, session, fields[19]].map(Number)
  if (state.length !== 1 || !numbers.every(Number.isSafeInteger)) return undefined
  const [parentPid = 0, groupId = 0, sessionId = 0, startTicks = 0] = numbers
  return { state, parent: parentPid, group: groupId, session: sessionId, startTicks }
}

/** Ended, and only kept until its parent asks for the exit code. */
export const hasEnded = (stat: ProcessStat): boolean => stat.state === 'Z' || stat.state === 'X'
