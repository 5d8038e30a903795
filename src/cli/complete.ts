/**
 * Names for the completion of a shell: tasks and environments of the plan, runs of the record. It answers while a
 * person waits, so it does not load the plan reader, asks a database only where the record is on a server, and that one
 * not for long; it checks nothing, writes nothing and never complains.
 */
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../clock.ts'
import { commands } from './commands.ts'
import { commonOptions } from './common-options.ts'
import { namesInPlan } from './plan-names.ts'
import type { Command } from './words.ts'

/** What a person can still choose from; more is a matter for another letter. */
const mostNames = 1_000
/** A person types on meanwhile, in milliseconds. */
const longestWaitMs = 700

/**
 * What may stand in the place of the last of the words, which is just being typed (the words after "plimsoll").
 * Undefined where no name belongs: the shell completes options and files by itself.
 */
export async function complete(words: readonly string[]): Promise<readonly string[] | undefined> {
  if (words[0] === 'help' && words.length === 2)
    return commands.map(({ name }) => name).filter((name) => name.startsWith(words[1] ?? ''))
  const command = commands.find(({ name }) => name === words[0])
  if (command === undefined) return undefined
  const options: Command['options'] = { ...command.options, ...commonOptions }
  const before = words.slice(1, -1)
  const word = words.at(-1) ?? ''
  const [, joined, begun = word] = /^--([\w-]+)=(.*)$/s.exec(word) ?? []
  const option = joined ?? before.at(-1)?.replace(/^--/, '') ?? ''
  const takesValue = Object.hasOwn(options, option) && options[option]?.type === 'string'
  const isValue = joined !== undefined || (takesValue && before.at(-1)?.startsWith('--'))
  if (!isValue && word.startsWith('-')) return undefined

  const typed = typedBefore(options, isValue && joined === undefined ? before.slice(0, -1) : before)
  const kind = isValue ? options[option]?.names : kindOf(command, typed.positionals.length)
  const names = kind === undefined ? undefined : await namesOf(kind, command, typed)
  return names
    ?.filter((name) => name.startsWith(begun) && /^\P{Cc}+$/u.test(name))
    .slice(0, mostNames)
    .map((name) => (joined === undefined ? name : `--${joined}=${name}`))
}

type Typed = {
  readonly positionals: readonly string[]
  readonly state: string
  readonly database: string | undefined
}

function typedBefore(options: Command['options'], words: readonly string[]): Typed {
  const known = Object.entries(options).map(([name, { type, short }]) => [
    name,
    { type, ...(short !== undefined && { short }) },
  ])
  const { values, positionals } = parseArgs({
    args: [...words],
    options: Object.fromEntries(known),
    allowPositionals: true,
    strict: false,
  })
  const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
  return { positionals, state: textOf(values.state) ?? '.plimsoll', database: textOf(values.database) }
}

/** Of an argument: the table calls it `[RUN]`, `[TASK]`, or lists the words. */
const kindOf = (command: Command, index: number): string | undefined =>
  command.positionals?.split(' ')[index]?.replace(/^\[|\]$/g, '')

async function namesOf(
  kind: string,
  command: Command,
  { positionals, state, database }: Typed,
): Promise<readonly string[] | undefined> {
  if (kind.includes('|')) return kind.split('|')
  if (kind === 'RUN') return ['last', ...(await runsOf(state, database))]
  const plan = command.positionals === '[PLAN]' ? positionals[0] : join(dirname(state), 'plimsoll.yaml')
  if (kind === 'TASK') return namesInPlan(plan ?? 'plimsoll.yaml', 'tasks')
  if (kind === 'ANSWER')
    return (await namesInPlan(plan ?? 'plimsoll.yaml', 'tasks')).flatMap((task) =>
      ['done', 'again', 'failed', 'adopt'].map((answer) => `${task}=${answer}`),
    )
  if (kind === 'ENVIRONMENT') return namesInPlan(plan ?? 'plimsoll.yaml', 'environments')
  return undefined
}

/** A server that does not answer soon is not waited for: there are no names then. */
async function runsOf(state: string, said: string | undefined): Promise<readonly string[]> {
  const url = (said ?? process.env.PLIMSOLL_DATABASE_URL) || undefined
  if (url === undefined) return runsIn(state)
  const late = systemClock.sleep(longestWaitMs).then(() => [])
  return await Promise.race([runsOnServer(state, url).catch(() => []), late])
}

async function runsOnServer(stateDir: string, database: string): Promise<readonly string[]> {
  const { openStoreForReading } = await import('../store/store.ts')
  const { openJournal } = await import('../journal/journal.ts')
  await using store = await openStoreForReading({ stateDir, database })
  const runs = store === null ? [] : await openJournal(store).runs({ limit: mostNames })
  return runs.map(({ runId }) => runId)
}

/** Each run has a directory of its id there, which begins with its time: the newest first. */
function runsIn(state: string): readonly string[] {
  try {
    return readdirSync(join(state, 'runs')).toSorted().toReversed()
  } catch {
    return []
  }
}
