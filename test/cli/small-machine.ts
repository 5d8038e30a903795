/** A machine of little memory for real processes: a control group of version 1. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { killIfAlive } from '../kill-if-alive.ts'
import { type Folder, mainFile } from './plimsoll.ts'

const groupAbove = (): string => {
  const path = /^\d+:[^:]*\bmemory\b[^:]*:(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1]
  return path === undefined ? '' : join('/sys/fs/cgroup/memory', path)
}

/** On version 2 the same is shown on a kernel of its own: `npm run test:cgroup2`. */
export function reasonToSkip(): string | false {
  try {
    accessSync(join(groupAbove(), 'memory.limit_in_bytes'), constants.W_OK)
    return false
  } catch {
    return 'needs a writable memory control group of version 1'
  }
}

let machines = 0

export class SmallMachine implements Disposable {
  readonly #directory = join(groupAbove(), `plimsoll-test-guard-${process.pid}-${++machines}`)

  constructor(limitBytes: number) {
    mkdirSync(this.#directory)
    writeFileSync(join(this.#directory, 'memory.limit_in_bytes'), String(limitBytes))
  }

  get kernelKills(): number {
    const told = readFileSync(join(this.#directory, 'memory.oom_control'), 'utf8')
    return Number(/^oom_kill (\d+)$/m.exec(told)?.[1])
  }

  start(folder: Folder, words: readonly string[]): ChildProcessByStdio<null, Readable, null> {
    const join0 = ['-c', 'echo 0 > "$0" && exec "$@"', join(this.#directory, 'cgroup.procs')]
    return spawn('/bin/sh', [...join0, process.execPath, mainFile, ...words], {
      cwd: folder.path,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  }

  async plimsoll(folder: Folder, words: readonly string[]): Promise<{ code: number; stdout: string }> {
    const child = this.start(folder, words)
    const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
    return { code: code as number, stdout }
  }

  /** Whatever a test that failed has left in it is killed. */
  [Symbol.dispose](): void {
    for (let tries = 0; tries < 100; tries += 1) {
      const groups = readdirSync(this.#directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ parentPath, name }) => join(parentPath, name))
      const all = [...groups.toSorted((one, other) => other.length - one.length), this.#directory]
      for (const group of all) killAllIn(group)
      try {
        for (const group of all) rmdirSync(group)
        return
      } catch {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
      }
    }
  }
}

function killAllIn(group: string): void {
  const pids = readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number)
  for (const pid of pids) killIfAlive(pid)
}

/** Waits for so many of its kind to have begun (none if nothing is said), takes so many MiB within so many seconds, holds them for a moment, ends. */
export const growing = `
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
const [mebibytes, together = 1, seconds = 1] = process.argv.slice(2).map(Number)
mkdirSync('begun', { recursive: true })
writeFileSync('begun/' + process.pid, '')
let ticksToWait = 200
const held = []
const timer = setInterval(() => {
  if (ticksToWait-- > 0 && readdirSync('begun').length < together) return
  ticksToWait = 0
  if (held.length < mebibytes) for (let i = 0; i < mebibytes / seconds / 20; i += 1) held.push(Buffer.alloc(2 ** 20, 1))
  else { clearInterval(timer); setTimeout(() => process.exit(0), 300) }
}, 50)
`
