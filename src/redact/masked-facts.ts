import { type ErrorCode, type ErrorFacts, factsOf } from '../errors.ts'
import type { Masker } from './masker.ts'

/** The facts of anything thrown, masked: an error may quote what a task wrote or was given. */
export function maskedFacts(masker: Masker, thrown: unknown, otherwise?: ErrorCode): ErrorFacts {
  const { code, message, fix } = factsOf(thrown, otherwise)
  return { code, message: masker.text(message), fix: masker.text(fix) }
}
