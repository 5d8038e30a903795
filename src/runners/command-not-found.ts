import { PlimsollError } from '../errors.ts'

/** A longer line is no message of a shell. */
const longestLine = 500

/** What exit code 127 of a shell line means, with the name of the command where the shell's last words tell it. */
export function shellFoundNothing(lastOutput: string): PlimsollError {
  const name = commandNotFound(lastOutput)
  const what =
    name === undefined ? 'no command of a name in its script' : `no command ${JSON.stringify(name)}`
  return new PlimsollError('TASK_FAILED', `the shell found ${what} (exit code 127)`, {
    fix: 'Check how the command is written, that it is installed, and that PATH or "dir" leads to it',
  })
}

/**
 * The name in "/bin/sh: 1: NAME: not found" (dash), "sh: line 1: NAME: command not found" (bash), "sh: NAME: not found"
 * (busybox) or "zsh:1: command not found: NAME"; undefined for anything else.
 */
export function commandNotFound(lastOutput: string): string | undefined {
  const line = lastOutput.slice(lastOutput.lastIndexOf('\n') + 1)
  if (line.length > longestLine) return undefined
  const match =
    /^[^:]*:(?: (?:line )?\d+:)? (.+): (?:(?:command )?not found|No such file or directory)$/.exec(line) ??
    /^[^:]*:\d+: command not found: (.+)$/.exec(line)
  return match?.[1]
}
