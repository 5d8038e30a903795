import { isUtf8 } from 'node:buffer'
import { readFile, stat } from 'node:fs/promises'
import { type Clock, systemClock } from '../clock.ts'
import { messageOf, PlimsollError, systemCodeOf } from '../errors.ts'
import type { Plan, SecretSource } from '../spine.ts'
import { show } from './problems.ts'
import { printedBy } from './secret-command.ts'

const longestSecret = 1024 ** 2

/** Characters. Masking a shorter value would hide ordinary text, and not hide the value. */
const shortestSecret = 4

/** The values that are there, and why others are not: `missing` never holds a value. */
type KnownSecrets = {
  readonly values: Readonly<Record<string, string>>
  readonly missing: ReadonlyMap<string, string>
}

export type SecretsContext = {
  /** The engine's environment. */
  readonly variables: NodeJS.ProcessEnv
  readonly clock?: Clock
  /** Ends a command that is asked for a secret. */
  readonly signal?: AbortSignal
}

/**
 * The values of the secrets that some task names; no other is read, and no other command is run. One line end after
 * a file's text, or after what a command printed, is left out.
 * @throws SECRET_MISSING, naming every one that is not set, empty, or not readable; SECRET_TOO_SHORT - never a value.
 */
export async function loadSecrets(
  plan: Plan,
  context: SecretsContext,
): Promise<Readonly<Record<string, string>>> {
  const { values, missing } = await knownSecrets(plan, context)
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
export async function knownSecrets(plan: Plan, context: SecretsContext): Promise<KnownSecrets> {
  const values: Record<string, string> = Object.create(null)
  const missing = new Map<string, string>()
  const named = [...new Set(namedIn(plan))].sort()
  const isCommand = (name: string): boolean => plan.secrets[name]?.from === 'command'
  // Commands last: what they complain is shown without the values of the others.
  for (const name of [...named.filter((one) => !isCommand(one)), ...named.filter(isCommand)]) {
    const source = plan.secrets[name]
    const found =
      source === undefined
        ? { missing: 'it is not listed' }
        : await secretFrom(source, context, [...Object.values(values), ...valuesAround(plan, context)])
    if ('missing' in found) missing.set(name, found.missing)
    else values[name] = found.value
  }
  return { values, missing }
}

function namedIn({ tasks, hooks = {}, notify = [] }: Plan): readonly string[] {
  return [...tasks, ...Object.values(hooks).flat(), ...notify].flatMap(({ secrets }) => secrets)
}

/** Of secrets that no task names, and that a command may use. */
function valuesAround({ secrets }: Plan, { variables }: SecretsContext): readonly string[] {
  return Object.values(secrets).flatMap((source) =>
    source.from === 'environment' ? [variables[source.variable] ?? ''] : [],
  )
}

type Found = { readonly value: string } | { readonly missing: string }

async function secretFrom(
  source: SecretSource,
  context: SecretsContext,
  known: readonly string[],
): Promise<Found> {
  const { variables } = context
  switch (source.from) {
    case 'file':
      return await fileValue(source.file)
    case 'command':
      return await commandValue(source, context, known)
    case 'environment': {
      const value = Object.hasOwn(variables, source.variable) ? variables[source.variable] : undefined
      return value ? { value } : { missing: `the environment variable ${show(source.variable)} is not set` }
    }
    default:
      return source satisfies never
  }
}

async function commandValue(
  source: Extract<SecretSource, { from: 'command' }>,
  { variables, clock = systemClock, signal = new AbortController().signal }: SecretsContext,
  known: readonly string[],
): Promise<Found> {
  const what = `what the command ${show(source.words[0])} printed`
  try {
    const context = { variables, clock, signal, known, mostBytes: longestSecret }
    return checked(await printedBy(source, context), what)
  } catch (error) {
    signal.throwIfAborted()
    return { missing: messageOf(error) }
  }
}

async function fileValue(file: string): Promise<Found> {
  try {
    const found = await stat(file)
    if (!found.isFile()) return { missing: `${file} is not a file` }
    const { size } = found
    if (size > longestSecret) return { missing: `${file} has ${size} bytes, allowed are ${longestSecret}` }
    return checked(await readFile(file), file)
  } catch (error) {
    return { missing: `${file} cannot be read (${systemCodeOf(error) ?? messageOf(error)})` }
  }
}

function checked(bytes: Buffer, what: string): Found {
  if (!isUtf8(bytes)) return { missing: `${what} is not UTF-8 text` }
  const value = bytes.toString('utf8').replace(/\r?\n$/, '')
  if (value.includes('\0')) return { missing: `${what} contains a zero byte, which no environment can carry` }
  return value === '' ? { missing: `${what} is empty` } : { value }
}
