import { PlimsollError } from '../errors.ts'
import type { Call } from './words.ts'

/** What one word of a command takes, such as `prune` of `metrics`. */
export type Takes = {
  readonly options: readonly string[]
  /** What is to be said to a word that follows it, where it takes none. */
  readonly noName?: string
}

/**
 * An option that the word does not have, and a name that it would not look at, are mistakes of the call: whoever limits
 * a command with them would be served with more than was asked for.
 * @throws USAGE
 */
export function refuseOthers(call: Call, word: string, { options, noName }: Takes): void {
  const what = `"plimsoll ${call.command.name} ${word}"`
  for (const option of Object.keys(call.command.options)) {
    const isGiven = call.flag(option) || call.text(option) !== undefined || call.texts(option).length > 0
    if (isGiven && !options.includes(option))
      throw new PlimsollError('USAGE', `${what} has no option --${option}`)
  }
  const [, extra] = call.positionals
  if (noName === undefined || extra === undefined) return
  throw new PlimsollError('USAGE', `${what} takes no word, and was given ${JSON.stringify(extra)}`, {
    fix: noName,
  })
}
