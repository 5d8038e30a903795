import { oomScoreOfTasks } from '../memory/memory.ts'

/**
 * The tiny supervisor around every process task: a shell script of a few lines that starts the command, waits for
 * it, and leaves its exit code and its CPU time in a file, also when the engine is gone by then. The file is made, empty,
 * before the command begins: an engine that goes on with the run of another knows from it whether it has. It is not put
 * in its place by a rename, which would be a process more for each task (and on ext4 a file more to make is one more that
 * must not take the place of those removed in the last five seconds): a record that is not whole is known by its form.
 *
 * The command arrives as words ("$@") and is never read as shell text. The trap keeps the supervisor alive when its
 * process group is told to stop; the subshell gives the command back the usual reaction to signals, and `exec`
 * makes sure that a word like "eval" or "exit" is looked up as a program, not as a command of the shell.
 *
 * The kernel, where it must end a process, is to end the command before the engine; where it cannot be told, no matter.
 */
const script = `trap : TERM INT HUP QUIT
plimsoll_exit_file=$1
plimsoll_join_file=$2
plimsoll_oom_score=$3
shift 3
true 2>/dev/null >"$plimsoll_exit_file"
(
trap - TERM INT HUP QUIT
[ -z "$plimsoll_join_file" ] || { echo 0 >"$plimsoll_join_file"; } 2>/dev/null
[ "$plimsoll_oom_score" = 0 ] || {
read -r plimsoll_ours </proc/self/oom_score_adj &&
plimsoll_oom_score=$((plimsoll_ours + plimsoll_oom_score)) &&
echo "$((plimsoll_oom_score > 1000 ? 1000 : plimsoll_oom_score))" >/proc/self/oom_score_adj
} 2>/dev/null
exec "$@"
)
plimsoll_exit_code=$?
umask 077
{ echo "$plimsoll_exit_code"; times; } >"$plimsoll_exit_file"
exit "$plimsoll_exit_code"`

export type Supervised = {
  readonly exit: string
  /** Of the control group that the command joins; the supervisor stays outside, so that it outlives the group. */
  readonly join: string | null
  /** It outlives the run: what ends when memory is full is not for the engine to say. */
  readonly isService: boolean
}

/** The words to spawn for a command given as words. */
export function supervised(
  { exit, join, isService }: Supervised,
  words: readonly string[],
): readonly [string, readonly string[]] {
  const score = String(isService ? 0 : oomScoreOfTasks)
  return ['/bin/sh', ['-c', script, 'plimsoll', exit, join ?? '', score, ...words]]
}

export type ExitRecord = {
  readonly exitCode: number
  /** User and system time of the command and of all children it waited for; in steps of 10 ms. */
  readonly cpuMs: number
}

/** Reads what the supervisor left; undefined when it was killed before it had written all of it. */
export function parseExitRecord(text: string): ExitRecord | undefined {
  const [code = '', , children = ''] = text.split('\n')
  const times = /^(\d{1,9})m(\d{1,2}\.\d{1,6})s (\d{1,9})m(\d{1,2}\.\d{1,6})s$/.exec(children.trim())
  if (!/^\d{1,3}$/.test(code) || times === null) return undefined
  const [userMinutes, userSeconds, systemMinutes, systemSeconds] = times.slice(1).map(Number)
  const seconds = 60 * ((userMinutes ?? 0) + (systemMinutes ?? 0)) + (userSeconds ?? 0) + (systemSeconds ?? 0)
  return { exitCode: Number(code), cpuMs: Math.round(seconds * 1_000) }
}

/** The same record of something that measured itself, in microseconds. */
export function exitRecordText(
  exitCode: number,
  cpu: { readonly user: number; readonly system: number },
): string {
  const minutes = (us: number): string => `${Math.floor(us / 6e7)}m${((us % 6e7) / 1e6).toFixed(3)}s`
  return `${exitCode}\n0m0.000s 0m0.000s\n${minutes(cpu.user)} ${minutes(cpu.system)}\n`
}
