/** Values of PostgreSQL as SQLite gives them: numbers, texts and bytes. */
import type { CustomTypesConfig } from 'pg'
import { PlimsollError } from '../errors.ts'

/** By the number of the type, https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  16: (text) => (text === 't' ? 1 : 0),
  17: (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex')),
  20: wholeNumber,
  21: Number,
  23: Number,
  26: Number,
  700: Number,
  701: Number,
  // Sums of whole numbers.
  1700: Number,
}

/** As node:sqlite: a number that JavaScript would round is an error. */
function wholeNumber(text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number)) return number
  throw new PlimsollError('STORE_FAILED', `the number ${text} is too large to be read`)
}

export const postgresTypes: CustomTypesConfig = {
  getTypeParser: ((id: number) =>
    parsers[id] ?? ((text: string) => text)) as CustomTypesConfig['getTypeParser'],
}
