/** Processes that want locks, and what is done to them. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { StorePlace } from '../../src/store/store.ts'

const contenderFile = fileURLToPath(new URL('contender.ts', import.meta.url))

export type ContenderTask = {
  readonly place: Pick<StorePlace, 'stateDir' | 'database'>
  readonly witness: string
  readonly environment: string
  readonly isElsewhere?: boolean
  /** The longest that it holds the lock, and waits before it wants it again. */
  readonly holdMs: number
  readonly pauseMs: number
  readonly lastsMs: number
}

export class Contenders implements Disposable {
  readonly #place: Pick<ContenderTask, 'place' | 'witness'>
  /** All that were started: a few dozen. */
  readonly #all = new Set<ChildProcess>()
  /** How often each word was said: `taken`, `not refused`, or the code of an error. */
  readonly said = new Map<string, number>()
  /** The last one that said `taken`. */
  last: ChildProcess | null = null
  /** Of each that ended by itself and not well: how. */
  readonly failures: string[] = []

  constructor(place: Pick<ContenderTask, 'place' | 'witness'>) {
    this.#place = place
  }

  start(task: Omit<ContenderTask, 'place' | 'witness'>): ChildProcess {
    const child = fork(contenderFile, [JSON.stringify({ ...this.#place, ...task })])
    this.#all.add(child)
    child.on('message', (word: string) => {
      this.said.set(word, (this.said.get(word) ?? 0) + 1)
      if (word === 'taken') this.last = child
    })
    child.on('exit', (code, signal) => {
      this.#all.delete(child)
      if (code !== 0 && signal !== 'SIGKILL') this.failures.push(`a contender ended with ${code ?? signal}`)
    })
    return child
  }

  /** One that keeps the lock from now on. */
  async startHolder(environment: string, isElsewhere = false): Promise<ChildProcess> {
    const task = { environment, isElsewhere, holdMs: 1e9, pauseMs: 0, lastsMs: 600_000 }
    const child = this.start(task)
    await heard(child, 'taken')
    return child
  }

  /** Not in the middle of a commit: SQLite would keep everybody out, whoever has the lock. */
  async stop(child: ChildProcess): Promise<void> {
    while (child.kill('SIGSTOP') && !this.#canBeWritten()) {
      child.kill('SIGCONT')
      await sleep(20)
    }
  }

  #canBeWritten(): boolean {
    const { stateDir, database } = this.#place.place
    if (database !== undefined) return true
    const file = new DatabaseSync(join(stateDir, 'plimsoll.db'), { timeout: 300 })
    try {
      file.exec('begin immediate; rollback')
      return true
    } catch {
      return false
    } finally {
      file.close()
    }
  }

  async allEnded(): Promise<void> {
    await Promise.all([...this.#all].map((child) => once(child, 'exit')))
  }

  [Symbol.dispose](): void {
    for (const child of this.#all) child.kill('SIGKILL')
  }
}

/** Until it says one of the words. @throws when it ends before. */
export async function heard(child: ChildProcess, ...words: readonly string[]): Promise<void> {
  const done = new AbortController()
  const { signal } = done
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error(`a contender ended before it said ${words.join(' or ')}`)
  })
  ended.catch(() => undefined)
  try {
    for (;;) {
      const [said] = await Promise.race([once(child, 'message', { signal }), ended])
      if (words.includes(said)) return
    }
  } finally {
    done.abort()
  }
}

export async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
