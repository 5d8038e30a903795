import { PlimsollError } from '../errors.ts'
import { shellFoundNothing } from './command-not-found.ts'
import type { Attempt } from './words.ts'

export type EndOfCommand = {
  readonly words: readonly string[]
  /** Null when the supervisor itself was killed. */
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly lastOutput: string
}

/** 128 + 9: what a shell makes of a child that was killed by SIGKILL. */
const killedCode = 137

export const isKill = ({ exitCode, signal }: EndOfCommand): boolean =>
  exitCode === killedCode || signal === 'SIGKILL'

/** Why a command has failed that ended by itself, or was killed by somebody else; null when it has not. */
export function failureOf(attempt: Attempt, exit: EndOfCommand): PlimsollError | null {
  const { words, exitCode, signal } = exit
  if (exitCode === 0) return null
  if (exitCode === null)
    return new PlimsollError('TASK_FAILED', `it was killed by ${signal ?? 'a signal'} from outside`)
  if (attempt.work.kind === 'exec' && (exitCode === 127 || exitCode === 126)) {
    const what = exitCode === 127 ? 'was not found' : 'may not be executed'
    return new PlimsollError(
      'TASK_NOT_STARTED',
      `the command ${JSON.stringify(words[0] ?? '')} ${what} (exit code ${exitCode})`,
    )
  }
  if (attempt.work.kind === 'run' && exitCode === 127) return shellFoundNothing(exit.lastOutput)
  if (isKill(exit))
    return new PlimsollError('TASK_FAILED', `it was killed by SIGKILL from outside (exit code ${exitCode})`)
  const bySignal = exitCode > 128 && exitCode < 160 ? ` (128 + signal ${exitCode - 128})` : ''
  return new PlimsollError('TASK_FAILED', `it ended with exit code ${exitCode}${bySignal}`)
}
