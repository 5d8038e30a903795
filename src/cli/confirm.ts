import { createInterface } from 'node:readline/promises'
import { PlimsollError } from '../errors.ts'
import { plainText } from '../report/report.ts'
import type { Call } from './words.ts'

/** Whether somebody sits there who can be asked. */
export const hasPerson = (call: Call): boolean =>
  !call.flag('json') && process.stdin.isTTY === true && process.stderr.isTTY === true

/** Asks a person, unless `--yes` has answered. @throws APPROVAL_NEEDED where nobody is there, INTERRUPTED when the answer is not yes. */
export async function confirm(call: Call, what: string): Promise<void> {
  if (call.flag('yes')) return
  if (!hasPerson(call)) {
    throw new PlimsollError('APPROVAL_NEEDED', `${what}: a person must say yes to that`, {
      fix: 'Run it again with --yes',
    })
  }
  process.stderr.write(`${plainText(what)}\n`)
  using terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question('Type yes to go on: ').catch(() => '')
  if (/^y(es)?$/i.test(answer.trim())) return
  throw new PlimsollError('INTERRUPTED', 'it was not wanted; nothing was changed', {
    fix: 'Run it again when you are sure',
  })
}
