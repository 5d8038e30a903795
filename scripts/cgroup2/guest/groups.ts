/** Control groups of version 2 for the tests of the guest, which are root and alone on their machine. */
import type { ChildProcess } from 'node:child_process'
import { chownSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const MiB = 2 ** 20
const top = '/sys/fs/cgroup'

/** By file of the group: `memory.max`, ... */
type Settings = Readonly<Record<string, string | number>>

/** Disposing ends what still runs in it and removes it. */
export class Group implements Disposable {
  readonly directory: string

  constructor(name: string, settings: Settings = {}) {
    this.directory = join(top, name)
    mkdirSync(this.directory)
    for (const [file, value] of Object.entries(settings)) this.set(file, value)
  }

  /** Below this one, which must hold no process then. */
  below(name: string, settings: Settings = {}): Group {
    this.set('cgroup.subtree_control', '+memory')
    return new Group(join(this.directory.slice(top.length), name), settings)
  }

  set(file: string, value: string | number): void {
    writeFileSync(join(this.directory, file), String(value))
  }

  /** Moves a process here; what it has taken by then stays on the account of the group that it comes from. */
  add(child: ChildProcess): void {
    // 0 would be ourselves.
    if (child.pid === undefined) throw new Error(`${child.spawnfile} was not started`)
    this.set('cgroup.procs', child.pid)
  }

  /** As systemd hands a group to a user: its directory, and the files that move processes and divide it. */
  giveTo(userId: number): void {
    for (const file of ['', 'cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control'])
      chownSync(join(this.directory, file), userId, userId)
  }

  text(file: string): string {
    return readFileSync(join(this.directory, file), 'utf8').trim()
  }

  /** A whole file, or with `key` one line of a file such as `memory.events`. */
  number(file: string, key?: string): number {
    const text = this.text(file)
    return Number(key === undefined ? text : new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1])
  }

  [Symbol.dispose](): void {
    this.set('cgroup.kill', 1)
    // Killed processes leave the group when the kernel has ended them: for that there is no event to wait for here.
    for (let round = 0; this.text('cgroup.events').includes('populated 1') && round < 100; round += 1)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
    removeBelow(this.directory)
  }
}

/** An engine that was killed leaves groups behind. */
function removeBelow(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true }))
    if (entry.isDirectory()) removeBelow(join(directory, entry.name))
  rmdirSync(directory)
}
