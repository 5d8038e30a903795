import { PlimsollError } from '../errors.ts'
import { didYouMean } from '../nearest.ts'
import { refused } from './delays.ts'

/** A misspelt option would be a default that nobody asked for. @throws OPTION_INVALID */
export function checkNames(what: string, options: object, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null)
    throw refused(`the options of ${what}`, options, 'an object')
  for (const name in options) if (!names.includes(name)) throw unknownOption(what, name, names)
}

export function unknownOption(what: string, name: string, names: Iterable<string>): PlimsollError {
  return new PlimsollError(
    'OPTION_INVALID',
    `${what} has no option "${name.slice(0, 100)}"${didYouMean(name, names)}`,
  )
}
