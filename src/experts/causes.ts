/** The taxonomy: what a failure can be called. docs/diagnosis.md lists exactly these; a test compares the two. */
import { causesAround } from './causes-around.ts'
import { causesWithin } from './causes-within.ts'

export type { Cause } from './cause.ts'

export const causes = { ...causesAround, ...causesWithin }

export type CauseName = keyof typeof causes
