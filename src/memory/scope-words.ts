/** The words that run a command in a scope of systemd, and the record that is kept of the scope when it has ended. */
import type { UseTexts } from './group-record.ts'
import { textOf } from './text-file.ts'

/** How to ask for a scope here. */
export type ScopeProgram = {
  /** Absolute: a task may have a PATH of its own. */
  readonly program: string
  readonly manager: 'user' | 'system'
  /** Keeps `$` in a word as it is; systemd before 254 does not know it, and does so anyway. */
  readonly options: readonly string[]
}

/** The scope of one task. */
export type ScopeWish = {
  readonly unit: string
  readonly limitBytes: number
  /** The directory that the scope will have; its files are copied into `record` when the command has ended. */
  readonly directory: string
  readonly record: string
}

/** In this order: the limit is the first line, and what older kernels do not have comes last. */
const recordedFiles = ['memory.max', 'memory.current', 'memory.events', 'memory.stat', 'memory.peak']

/**
 * systemd removes a scope, and with it what the kernel has recorded of it, as soon as it is empty. So a shell stays in it
 * until the command has ended, and keeps that record. It takes a megabyte, and the kernel kills the greatest process.
 * How it starts the command, and why, is told in the supervisor of commands.
 */
const keeper = `trap : TERM INT HUP QUIT
plimsoll_group=$1
plimsoll_record=$2
shift 2
(
trap - TERM INT HUP QUIT
exec "$@"
)
plimsoll_exit_code=$?
umask 077
{ cd "$plimsoll_group" && /bin/cat ${recordedFiles.join(' ')} >"$plimsoll_record"; } 2>/dev/null
exit "$plimsoll_exit_code"`

/** The words that run a command in a scope. */
export function scopeWords(
  { program, manager, options }: ScopeProgram,
  { unit, limitBytes, directory, record }: ScopeWish,
  words: readonly string[],
): readonly string[] {
  const properties = [`MemoryMax=${limitBytes}`, 'MemorySwapMax=0'].flatMap((text) => ['--property', text])
  const scope = [program, `--${manager}`, '--scope', '--quiet', '--collect', ...options, '--unit', unit]
  return [...scope, ...properties, '--', '/bin/sh', '-c', keeper, 'plimsoll', directory, record, ...words]
}

/** The texts of the scope's files. */
export type ScopeTexts = UseTexts & { readonly limit: string; readonly kills: string }

/** Null while there is none. */
export function readScopeRecord(file: string): ScopeTexts | null {
  const text = textOf(file)
  if (text === '') return null
  const [limit = '', usage = ''] = text.split('\n')
  const [peak = ''] = text.trimEnd().split('\n').slice(-1)
  // No line of the one has the name of a line of the other.
  return { limit, usage, peak, stat: text, kills: text }
}
