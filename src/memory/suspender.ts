/**
 * Stops processes for a while (SIGSTOP) and lets them go on (SIGCONT). Nothing stays stopped when this process is
 * killed: a helper, told of every process before it is stopped, waits for the end of its pipe and continues them. When
 * the helper is killed, another takes its place.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { systemCodeOf } from '../errors.ts'
import type { FoundProcess } from './process-finder.ts'
import { hasEnded, readProcessStat } from './process-stat.ts'

/**
 * Each line is the whole list of what is stopped: `target:startTicks`, where a negative target is a process group. At
 * the end of the input each is continued, unless its pid belongs to another process by now (field 22 of
 * /proc/PID/stat; without /proc there is no such check). Only commands that are part of the shell: it needs no PATH.
 */
const script = `trap '' TERM INT HUP QUIT
while IFS= read -r line; do stopped=$line; done
for entry in $stopped; do
  target=\${entry%:*}
  stat=
  while read -r line; do stat=$line; done <"/proc/\${target#-}/stat"
  set -- \${stat##*) }
  if [ -z "$stat" ] || [ "\${20}" = "\${entry#*:}" ]; then kill -s CONT -- "$target"; fi
done`

/** A helper that is lost is replaced at once, so often between two suspensions: one that cannot live is no endless loop. */
const mostReplacements = 10

type Target = { readonly target: number; readonly startTicks: number | null }

/** One for all tasks of a run; the helper is started by the first suspension and ends with `dispose`. */
export class Suspender implements Disposable {
  /** By the process that leads the group; as many as tasks run at once. */
  readonly #stopped = new Map<number, readonly Target[]>()
  #helper: ChildProcess | undefined
  #replacements = 0

  /**
   * Stops the group that `pid` leads and what `others` finds outside of it; asks twice, as what is not stopped yet may
   * start more. Where the helper cannot be told, nothing is stopped.
   */
  suspend(pid: number, others: () => readonly FoundProcess[]): void {
    if (this.#stopped.has(pid)) return
    const startTicks = readProcessStat('/', pid)?.startTicks ?? null
    if (!this.#stop(pid, [{ target: -pid, startTicks }])) return
    for (let look = 1; look <= 2; look += 1) {
      const known = new Set(this.#stopped.get(pid)?.map(({ target }) => target))
      const found = others().filter((other) => other.group !== pid && !known.has(other.pid))
      if (found.length === 0) return
      this.#stop(
        pid,
        found.map((other) => ({ target: other.pid, startTicks: other.startTicks })),
      )
    }
  }

  /** Nothing to do for what is not suspended. */
  resume(pid: number): void {
    const targets = this.#stopped.get(pid)
    if (targets === undefined) return
    for (const { target, startTicks } of targets) if (isThere(target, startTicks)) signal(target, 'SIGCONT')
    this.#stopped.delete(pid)
    this.#tell()
  }

  /** How many are suspended. */
  get size(): number {
    return this.#stopped.size
  }

  [Symbol.dispose](): void {
    for (const pid of this.#stopped.keys()) this.resume(pid)
    this.#helper?.stdin?.end()
    this.#helper = undefined
  }

  #stop(pid: number, targets: readonly Target[]): boolean {
    const before = this.#stopped.get(pid) ?? []
    this.#stopped.set(pid, [...before, ...targets])
    const told = this.#tell()
    if (told) {
      this.#replacements = 0
      for (const { target } of targets) signal(target, 'SIGSTOP')
    } else if (before.length > 0) this.#stopped.set(pid, before)
    else this.#stopped.delete(pid)
    return told
  }

  /** True when the list is in the hands of the kernel: the helper reads it even when this process ends now. */
  #tell(): boolean {
    const all = [...this.#stopped.values()].flat()
    const line = all.map(({ target, startTicks }) => `${target}:${startTicks ?? ''}`).join(' ')
    this.#helper ??= this.#start()
    const pipe = this.#helper.stdin
    if (!pipe?.writable) return false
    pipe.write(`${line}\n`)
    return pipe.writableLength === 0
  }

  #start(): ChildProcess {
    const helper = spawn('/bin/sh', ['-c', script], {
      cwd: '/',
      env: {},
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    const lose = (): void => {
      if (this.#helper !== helper) return
      this.#helper = undefined
      this.#replace()
    }
    helper.once('error', lose)
    helper.once('exit', lose)
    helper.stdin?.on('error', lose)
    helper.unref()
    if (helper.stdin && 'unref' in helper.stdin) (helper.stdin as { unref(): void }).unref()
    return helper
  }

  /** Its death is seen at once; if this process were killed before, what is stopped would stay so. */
  #replace(): void {
    if (this.#stopped.size === 0 || this.#replacements >= mostReplacements) return
    this.#replacements += 1
    this.#tell()
  }
}

/** The group of a leader that has ended is the same group: its number is not given away while a member lives. */
function isThere(target: number, startTicks: number | null): boolean {
  const stat = readProcessStat('/', Math.abs(target))
  if (stat === undefined) return target < 0 || process.platform !== 'linux'
  return startTicks === null || stat.startTicks === startTicks || (target < 0 && hasEnded(stat))
}

function signal(target: number, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(target, name)
  } catch (error) {
    if (!['ESRCH', 'EPERM'].includes(systemCodeOf(error) ?? '')) throw error
  }
}
