/** The other end of inside.ts. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { MemoryReading, MemoryStalls } from '../../../src/index.ts'
import type { Group } from './groups.ts'

/** In MiB; `readDisk` reads as much through the page cache. */
export type Order = { readonly take?: number; readonly drop?: boolean; readonly readDisk?: number }

export type Answer = {
  readonly reading: MemoryReading
  readonly stalls: MemoryStalls
  readonly pressure: boolean
  readonly constrainedBytes: number
  readonly availableBytes: number
}

/** A process in a group; what it had taken before it came stays on the account of the group that it came from. */
export class Visitor implements AsyncDisposable {
  readonly #child: ChildProcess

  constructor(group: Group) {
    this.#child = fork(fileURLToPath(new URL('./inside.ts', import.meta.url)), { execArgv: ['--expose-gc'] })
    this.move(group)
  }

  move(group: Group): void {
    group.add(this.#child)
  }

  async ask(order: Order = {}): Promise<Answer> {
    const answer = once(this.#child, 'message')
    this.#child.send(order)
    return (await answer)[0]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}
