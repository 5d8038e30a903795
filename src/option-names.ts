/** Options of code that calls the library: a misspelt one would be a default that nobody asked for. */
import { PlimsollError } from './errors.ts'
import { didYouMean } from './nearest.ts'

/** A table, so that an option that is forgotten in it does not compile. */
export type Names<Of> = Readonly<Record<keyof Of, true>>

export const namesIn = <Of>(table: Names<Of>): readonly string[] => Object.keys(table)

/** @throws OPTION_INVALID */
export function checkNames(what: string, options: object, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    const found = String(options)
    throw new PlimsollError('OPTION_INVALID', `the options of ${what} is ${found}, expected an object`)
  }
  for (const name in options) if (!names.includes(name)) throw unknownOption(what, name, names)
}

export function unknownOption(what: string, name: string, names: Iterable<string>): PlimsollError {
  return new PlimsollError(
    'OPTION_INVALID',
    `${what} has no option "${name.slice(0, 100)}"${didYouMean(name, names)}`,
  )
}
