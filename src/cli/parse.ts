import { parseArgs } from 'node:util'
import { messageOf, PlimsollError } from '../errors.ts'
import { nearestName } from '../nearest.ts'
import { commands } from './commands.ts'
import { commonOptions } from './common-options.ts'
import type { Call, Command } from './words.ts'

/** The command of that name. @throws USAGE with the nearest name. */
export function commandNamed(name: string): Command {
  const command = commands.find((candidate) => candidate.name === name)
  if (command) return command
  throw new PlimsollError('USAGE', `there is no command ${JSON.stringify(name)}${meantCommand(name)}`)
}

/** What other tools call it. */
const otherWords: ReadonlyMap<string, string> = new Map([
  ...['run', 'up', 'apply', 'start', 'exec'].map((word) => [word, 'deploy'] as const),
  ...['list', 'ls', 'status', 'ps'].map((word) => [word, 'runs'] as const),
  ...['validate', 'check', 'lint', 'dry-run'].map((word) => [word, 'plan'] as const),
])

function meantCommand(word: string): string {
  if (/\.ya?ml$/i.test(word)) return `; to run a plan, write plimsoll deploy ${JSON.stringify(word)}`
  const other = otherWords.get(word.toLowerCase())
  if (other !== undefined) return `; did you mean "${other}"?`
  return didYouMean(
    word,
    commands.map(({ name }) => name),
  )
}

/** Words after the command's name -> a call. @throws USAGE with what was found and what is allowed. */
export function parseCall(command: Command, words: readonly string[]): Call {
  const options = { ...command.options, ...commonOptions }
  const { values, positionals } = parsed(command, words, options)
  const allowed = command.positionals?.includes('...')
    ? Number.POSITIVE_INFINITY
    : (command.positionals?.split(' ').length ?? 0)
  if (positionals.length > allowed) {
    const extra = JSON.stringify(positionals[allowed])
    throw new PlimsollError(
      'USAGE',
      `"plimsoll ${command.name}" takes ${countText(allowed)}; ${extra} is too much`,
    )
  }
  return {
    command,
    commands,
    positionals,
    flag: (option) => values[option] === true,
    text: (option) => (typeof values[option] === 'string' ? values[option] : undefined),
    texts: (option) => (Array.isArray(values[option]) ? values[option].map(String) : []),
  }
}

type Parsed = { readonly values: Readonly<Record<string, unknown>>; readonly positionals: readonly string[] }

function parsed(command: Command, words: readonly string[], options: Command['options']): Parsed {
  const known = Object.entries(options).map(([name, { type, short, multiple }]) => [
    name,
    { type, ...(short !== undefined && { short }), ...(multiple && { multiple }) },
  ])
  try {
    return parseArgs({
      args: withNegatives(words, options),
      options: Object.fromEntries(known),
      allowPositionals: true,
      strict: true,
    })
  } catch (cause) {
    const unknown = /Unknown option '(-[^']*)'/.exec(messageOf(cause))?.[1]
    if (unknown === undefined) throw wrongValue(messageOf(cause), options, cause)
    const hint = didYouMean(unknown.replace(/^-+/, ''), Object.keys(options), '--')
    throw new PlimsollError('USAGE', `"plimsoll ${command.name}" has no option ${unknown}${hint}`, { cause })
  }
}

/** `--memory -1` means a value, if a wrong one: no option begins with a digit. */
function withNegatives(words: readonly string[], options: Command['options']): string[] {
  const joined: string[] = []
  for (const word of words) {
    const last = joined.at(-1) ?? ''
    const takesValue = last.startsWith('--') && options[last.slice(2)]?.type === 'string'
    if (takesValue && /^-[\d.]/.test(word)) joined.splice(-1, 1, `${last}=${word}`)
    else joined.push(word)
  }
  return joined
}

/** What the parser says of a value that is missing, or of one that an option does not take, in words for its user. */
function wrongValue(said: string, options: Command['options'], cause: unknown): PlimsollError {
  const name = /--([\w-]+)/.exec(said)?.[1] ?? ''
  const { type, value } = Object.hasOwn(options, name) ? (options[name] ?? {}) : {}
  if (type === 'string')
    return new PlimsollError('USAGE', `--${name} needs a value: --${name} ${value ?? 'VALUE'}`, { cause })
  if (type === 'boolean') return new PlimsollError('USAGE', `--${name} takes no value`, { cause })
  return new PlimsollError('USAGE', said.split('\n')[0] ?? '', { cause })
}

function didYouMean(word: string, names: readonly string[], prefix = ''): string {
  // One letter is the beginning of what was meant: -e of --env.
  const nearest = word.length === 1 ? names.find((name) => name.startsWith(word)) : nearestName(word, names)
  return nearest === undefined ? '' : `; did you mean "${prefix}${nearest}"?`
}

function countText(count: number): string {
  if (count === 0) return 'no arguments'
  return count === 1 ? 'one argument' : `at most ${count} arguments`
}
