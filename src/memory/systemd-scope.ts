/**
 * A scope of systemd for each task, where control groups may not be made directly but its manager makes them for us:
 * on most desktops. The scope holds the limit; memory is sampled as without it, because systemd removes the scope, and
 * the kernel's records with it, as soon as it is empty.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { groupChains } from './group-chains.ts'
import { taskGroupFiles } from './group-files.ts'
import { limitOf, pidsIn } from './group-place.ts'
import { textOf } from './text-file.ts'

type Manager = 'user' | 'system'

/** A manager that does not answer within this time, in milliseconds, is not waited for. */
const probeMs = 1_000

/** How to ask for a scope here. */
export type ScopeProgram = {
  /** Absolute: a task may have a PATH of its own. */
  readonly program: string
  readonly manager: Manager
  /** Keeps `$` in a word as it is; systemd before 254 does not know it, and does so anyway. */
  readonly options: readonly string[]
}

export type ScopePlace = ScopeProgram & {
  /** The directory in which the manager makes scopes. */
  readonly directory: string
  readonly because: string
}

export type NoScopes = { readonly directory: null; readonly because: string }

/**
 * The words that run a command in a scope. The shell in between keeps the exit codes of a command that does not exist;
 * it becomes the command, and so does `systemd-run`, so that the process stays the one that was started.
 */
export function scopeWords(
  { program, manager, options }: ScopeProgram,
  { unit, limitBytes }: { readonly unit: string; readonly limitBytes: number },
  words: readonly string[],
): readonly string[] {
  const properties = [`MemoryMax=${limitBytes}`, 'MemorySwapMax=0'].flatMap((text) => ['--property', text])
  const scope = [program, `--${manager}`, '--scope', '--quiet', '--collect', ...options, '--unit', unit]
  return [...scope, ...properties, '--', '/bin/sh', '-c', 'exec "$@"', 'plimsoll', ...words]
}

/** Asks the manager for one scope and looks where it is; about 20 ms, 2 s where the manager hangs. */
export function findScopePlace(variables: NodeJS.ProcessEnv = process.env): ScopePlace | NoScopes {
  const program = (variables.PATH ?? '')
    .split(delimiter)
    .filter(isAbsolute)
    .map((folder) => join(folder, 'systemd-run'))
    .find(existsSync)
  if (program === undefined) return none('there is no systemd-run to make scopes')
  const manager = process.getuid?.() === 0 ? 'system' : 'user'
  for (const options of [['--expand-environment=no'], []]) {
    const seen = probe({ program, manager, options }, variables)
    if (seen !== null) return placeOf({ program, manager, options }, seen, textOf('/proc/self/mountinfo'))
  }
  return none(`${program} makes no scope for us`)
}

const none = (because: string): NoScopes => ({ directory: null, because })

/** What the probe wrote from inside of its scope; null when there is none. */
function probe(asked: ScopeProgram, variables: NodeJS.ProcessEnv): string | null {
  const scope = { unit: newUnit(), limitBytes: 2 ** 26 }
  const [command = '', ...parameters] = scopeWords(asked, scope, ['/bin/cat', '/proc/self/cgroup'])
  const options = { encoding: 'utf8', timeout: probeMs, killSignal: 'SIGKILL', stdio: 'pipe' } as const
  try {
    return execFileSync(command, parameters, { ...options, env: variables })
  } catch {
    return null
  }
}

let units = 0

export function newUnit(): string {
  units += 1
  return `plimsoll-${process.pid}-${units}`
}

function placeOf(asked: ScopeProgram, cgroupText: string, mounts: string): ScopePlace | NoScopes {
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
  return { ...asked, directory, because: `a scope of systemd (its ${asked.manager} manager) for each task` }
}

/** The number of processes is not among them: the manager bounds it for each scope anew. */
const boundsOfScope = ['memory.max', 'memory.high', 'memory.swap.max', 'cpu.max', 'cpuset.cpus']

/** The scope of one task; what it says is remembered, because it vanishes with its last process. */
export class TaskScope {
  readonly limitBytes: number
  readonly #place: ScopePlace
  readonly #unit: string
  #isHeld = false
  #kills = { count: 0, atOwnLimit: false }

  constructor(place: ScopePlace, unit: string, limitBytes: number) {
    this.#place = place
    this.#unit = unit
    this.limitBytes = limitBytes
  }

  wrap(words: readonly string[]): readonly string[] {
    return scopeWords(this.#place, { unit: this.#unit, limitBytes: this.limitBytes }, words)
  }

  /** True once the kernel has said that the limit is in force. */
  get isHeld(): boolean {
    return this.#isHeld
  }

  get kernelKills(): { readonly count: number; readonly atOwnLimit: boolean } {
    return this.#kills
  }

  look(): void {
    const { limit, kills, limitHits } = taskGroupFiles.v2
    // The kernel rounds a limit down to whole pages.
    const limitBytes = Number(textOf(join(this.#directory, limit)).trim() || Number.NaN)
    if (limitBytes <= this.limitBytes) this.#isHeld = true
    const text = textOf(join(this.#directory, kills.file))
    const count = Number(kills.pattern.exec(text)?.[1] ?? 0)
    if (count > 0) this.#kills = { count, atOwnLimit: Number(limitHits?.exec(text)?.[1] ?? 0) > 0 }
  }

  pids(): readonly number[] {
    return pidsIn(this.#directory)
  }

  get #directory(): string {
    return join(this.#place.directory, `${this.#unit}.scope`)
  }
}
