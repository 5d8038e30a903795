import { inspect } from 'node:util'
import { factsOf, PlimsollError } from '../errors.ts'
import { plainText, styleFor } from '../report/report.ts'

/** Says an error once, where it is read: for people on standard error, for programs as the last line of output. */
export function sayError(
  error: unknown,
  options: { readonly json: boolean; readonly debug: boolean },
): number {
  const facts = factsOf(error)
  const problems = error instanceof PlimsollError && 'problems' in error ? error.problems : undefined
  if (options.json)
    process.stdout.write(
      `${JSON.stringify({ type: 'error', ...facts, ...(problems !== undefined && { problems }) })}\n`,
    )
  const style = styleFor(process.stderr, process.env)
  process.stderr.write(
    `${style.red(`error ${facts.code}:`)} ${plainText(facts.message)}\nfix: ${plainText(facts.fix)}\n`,
  )
  if (options.debug) process.stderr.write(`${plainText(inspect(error, { depth: 4 }))}\n`)
  return error instanceof PlimsollError ? error.exitCode : 1
}
