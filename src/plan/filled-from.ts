/** Which variables of the process a plan was filled from, so that a later reading can tell whether they are as they were. */
import { createHmac } from 'node:crypto'
import type { Plan } from '../spine.ts'

type Filled = Pick<Plan, 'digest' | 'filledFrom'>

/** The record does not hold the values here: they may be anything. Salted, so that plans cannot be compared by them. */
export function sealed(
  values: ReadonlyMap<string, string>,
  digest: string,
): Readonly<Record<string, string>> {
  const seal = ([name, value]: readonly [string, string]) =>
    [name, createHmac('sha256', digest).update(`${name}=${value}`).digest('base64url')] as const
  return Object.fromEntries([...values].map(seal))
}

/** Names of the variables that are set to something else now. One that is not set says nothing: what it was holds. */
export function variablesChanged(
  { digest, filledFrom = {} }: Filled,
  variables: NodeJS.ProcessEnv,
): readonly string[] {
  const names = Object.keys(filledFrom).filter((name) => Object.hasOwn(variables, name) && variables[name])
  const now = sealed(new Map(names.map((name) => [name, variables[name] ?? ''])), digest)
  return names.filter((name) => now[name] !== filledFrom[name])
}
