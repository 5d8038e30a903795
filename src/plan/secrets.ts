import { readFile, stat } from 'node:fs/promises'
import { messageOf, PlimsollError, systemCodeOf } from '../errors.ts'
import type { Plan, SecretSource } from '../spine.ts'
import { show } from './problems.ts'

const longestSecret = 1024 ** 2

/** Characters. Masking a shorter value would hide ordinary text, and not hide the value. */
const shortestSecret = 4

/** The values that are there, and why others are not: `missing` never holds a value. */
type KnownSecrets = {
  readonly values: Readonly<Record<string, string>>
  readonly missing: ReadonlyMap<string, string>
}

/**
 * The values of the secrets that some task names; no other is read. One line end after a file's text is left out.
 * @throws SECRET_MISSING, naming every one that is not set, empty, or not readable; SECRET_TOO_SHORT - never a value.
 */
export async function loadSecrets(
  plan: Plan,
  variables: NodeJS.ProcessEnv,
): Promise<Readonly<Record<string, string>>> {
  const { values, missing } = await knownSecrets(plan, variables)
  if (missing.size > 0) {
    const list = [...missing].map(([name, why]) => `${show(name)}: ${why}`).join('; ')
    throw new PlimsollError('SECRET_MISSING', `secrets without a value: ${list}`)
  }
  const short = Object.keys(values).filter((name) => [...(values[name] ?? '').trim()].length < shortestSecret)
  if (short.length === 0) return values
  throw new PlimsollError(
    'SECRET_TOO_SHORT',
    `secrets of less than ${shortestSecret} characters: ${short.map(show).join(', ')}`,
  )
}

/** The same without a complaint: what can be found now. */
export async function knownSecrets(plan: Plan, variables: NodeJS.ProcessEnv): Promise<KnownSecrets> {
  const values: Record<string, string> = Object.create(null)
  const missing = new Map<string, string>()
  const named = new Set(plan.tasks.flatMap((task) => task.secrets))
  for (const name of [...named].sort()) {
    const source = plan.secrets[name]
    const found = source === undefined ? { missing: 'it is not listed' } : await secretFrom(source, variables)
    if ('missing' in found) missing.set(name, found.missing)
    else values[name] = found.value
  }
  return { values, missing }
}

type Found = { readonly value: string } | { readonly missing: string }

async function secretFrom(source: SecretSource, variables: NodeJS.ProcessEnv): Promise<Found> {
  if (source.from === 'file') return await fileValue(source.file)
  const value = Object.hasOwn(variables, source.variable) ? variables[source.variable] : undefined
  return value ? { value } : { missing: `the environment variable ${show(source.variable)} is not set` }
}

async function fileValue(file: string): Promise<Found> {
  try {
    const found = await stat(file)
    if (!found.isFile()) return { missing: `${file} is not a file` }
    const { size } = found
    if (size > longestSecret) return { missing: `${file} has ${size} bytes, allowed are ${longestSecret}` }
    const value = (await readFile(file, 'utf8')).replace(/\r?\n$/, '')
    if (value.includes('\0'))
      return { missing: `${file} contains a zero byte, which no environment can carry` }
    return value === '' ? { missing: `${file} is empty` } : { value }
  } catch (error) {
    return { missing: `${file} cannot be read (${systemCodeOf(error) ?? messageOf(error)})` }
  }
}
