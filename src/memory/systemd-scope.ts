/** Where control groups may not be made directly, but a manager of systemd makes scopes for us. */
import { existsSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { systemCodeOf } from '../errors.ts'
import { formatDuration } from '../units.ts'
import { groupChains } from './group-chains.ts'
import { limitOf } from './group-place.ts'
import { readProcessStat } from './process-stat.ts'
import { type ScopeProgram, scopeWords } from './scope-words.ts'
import { textOf } from './text-file.ts'

/** A manager that does not answer within this time, in milliseconds, is not waited for; on a full machine it is slow. */
const longestAnswerMs = 5_000

export type ScopePlace = ScopeProgram & {
  /** The directory in which the manager makes scopes. */
  readonly directory: string
  readonly because: string
  /** With these in its environment the program finds the manager. */
  readonly address: Readonly<Record<string, string | undefined>>
}

export type NoScopes = { readonly directory: null; readonly because: string }

/** Asks the manager for one scope and looks where it is; about 20 ms, 5 s where the manager hangs. */
export function findScopePlace(
  variables: NodeJS.ProcessEnv = process.env,
  answerMs = longestAnswerMs,
): ScopePlace | NoScopes {
  const program = (variables.PATH ?? '')
    .split(delimiter)
    .filter(isAbsolute)
    .map((folder) => join(folder, 'systemd-run'))
    .find(existsSync)
  if (program === undefined) return none('there is no systemd-run to make scopes')
  const manager = process.getuid?.() === 0 ? 'system' : 'user'
  let because = ''
  for (const options of [['--expand-environment=no'], []]) {
    const seen = probe({ program, manager, options }, variables, answerMs)
    if ('cgroupText' in seen) return placeOf({ program, manager, options }, seen.cgroupText, variables)
    because = seen.because
    if (seen.isLate) break
  }
  return none(`${program} makes no scope for us (${because})`)
}

const none = (because: string): NoScopes => ({ directory: null, because })

type Probed = { readonly cgroupText: string } | { readonly isLate: boolean; readonly because: string }

/** What a command inside of a scope sees of it, or why there is none. */
function probe(asked: ScopeProgram, variables: NodeJS.ProcessEnv, answerMs: number): Probed {
  const wish = { unit: newUnit(), limitBytes: 2 ** 26, directory: '/', record: '/dev/null' }
  const [command = '', ...parameters] = scopeWords(asked, wish, ['/bin/cat', '/proc/self/cgroup'])
  // Loaded here: it takes 2 MB, and most who load this room have no systemd to ask.
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  const { status, error, stdout, stderr } = spawnSync(command, parameters, {
    encoding: 'utf8',
    timeout: answerMs,
    killSignal: 'SIGKILL',
    env: variables,
  })
  if (status === 0) return { cgroupText: stdout }
  const isLate = systemCodeOf(error) === 'ETIMEDOUT'
  if (isLate) return { isLate, because: `no answer in ${formatDuration(answerMs)}` }
  // A line, cut short: it goes into a sentence.
  const [said = ''] = stderr.trim().split('\n').slice(-1)
  return { isLate, because: said.slice(0, 200) || `exit code ${status}` }
}

let units = 0

/** Also one of an engine that was killed may still be there. */
export function newUnit(): string {
  units += 1
  const { startTicks = 0 } = readProcessStat('/', process.pid) ?? {}
  return `plimsoll-${process.pid}-${startTicks}-${units}`
}

function placeOf(
  asked: ScopeProgram,
  cgroupText: string,
  variables: NodeJS.ProcessEnv,
): ScopePlace | NoScopes {
  const mounts = textOf('/proc/self/mountinfo')
  const chain = groupChains(cgroupText, mounts).find(({ kind }) => kind === 'v2')
  const [scope, directory, ...above] = chain?.directories ?? []
  if (scope === undefined || directory === undefined || !scope.endsWith('.scope'))
    return none('systemd makes no scope with control groups v2')
  const own = groupChains(textOf('/proc/self/cgroup'), mounts).find(({ kind }) => kind === 'v2')
  const around = new Set([directory, ...above])
  // What is around both stays around the task.
  for (const left of own?.directories.filter((name) => !around.has(name)) ?? []) {
    const limit = limitOf(left, boundsOfScope)
    if (limit !== null) return none(`a scope of systemd would leave ${left}, which has a limit (${limit})`)
  }
  const address = Object.fromEntries(addressNames[asked.manager].map((name) => [name, variables[name]]))
  return {
    ...asked,
    address,
    directory,
    because: `a scope of systemd (its ${asked.manager} manager) for each task`,
  }
}

const addressNames = {
  user: ['XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS'],
  system: ['DBUS_SYSTEM_BUS_ADDRESS'],
} as const

/** The number of processes is not among them: the manager bounds it for each scope anew. */
const boundsOfScope = ['memory.max', 'memory.high', 'memory.swap.max', 'cpu.max', 'cpuset.cpus']
