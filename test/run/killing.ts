/** Deploys with the real command line, kills it with -9 at a moment of its own record, and goes on. */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { ProcessFinder } from '../../src/memory/memory.ts'
import type { DeployEvent, Report, RunMessage } from '../../src/spine.ts'
import { Folder } from '../cli/plimsoll.ts'

export type Moment = (message: RunMessage) => boolean

export const event =
  (type: DeployEvent['type'], task?: string, phase: 'deploy' | 'undo' = 'deploy'): Moment =>
  (message) =>
    message.type === type &&
    (task === undefined || ('task' in message && message.task === task && message.phase === phase))

export type Resumed = {
  readonly code: number | null
  readonly stderr: string
  readonly report: Report
  readonly events: readonly DeployEvent[]
}

async function messagesOf(
  stream: Readable,
  onMessage?: (message: RunMessage) => void,
): Promise<readonly RunMessage[]> {
  const messages: RunMessage[] = []
  for await (const line of createInterface({ input: stream })) {
    const message: RunMessage = JSON.parse(line)
    messages.push(message)
    onMessage?.(message)
  }
  return messages
}

export class Yard extends Folder {
  plan(tasks: string): void {
    this.write('plimsoll.yaml', `name: shop\ntasks:\n${tasks}`)
  }

  /** Deploys until the moment, and kills the engine then: it has told of that, and has gone no further. */
  async killedAt(moment: Moment, words: readonly string[] = ['deploy']): Promise<readonly RunMessage[]> {
    const messages: RunMessage[] = []
    await this.inStep([...words, '--json'], (line, child) => {
      const message: RunMessage = JSON.parse(line)
      messages.push(message)
      if (moment(message)) child.kill('SIGKILL')
    })
    assert.ok(messages.some(moment), 'the moment has come')
    return messages
  }

  async resume(...words: readonly string[]): Promise<Resumed> {
    return this.goOn(['resume', ...words])
  }

  /** `onMessage` hears each message as it comes. */
  async goOn(words: readonly string[], onMessage?: (message: RunMessage) => void): Promise<Resumed> {
    const child = this.start([...words, '--json'])
    const [stderr, messages, [code]] = await Promise.all([
      text(child.stderr),
      messagesOf(child.stdout, onMessage),
      once(child, 'close'),
    ])
    const report = messages.at(-1)
    assert.ok(report?.type === 'report', `${JSON.stringify(report)}${stderr}`)
    return { code, stderr, report, events: messages.slice(0, -1) as readonly DeployEvent[] }
  }

  /** The lines that tasks have appended to the file, in their order. */
  lines(name = 'count'): readonly string[] {
    const file = join(this.path, name)
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []
  }

  has(name: string): boolean {
    return existsSync(join(this.path, name))
  }

  /** Of the run's directory, without logs: what attempts have left. */
  leftFiles(): readonly string[] {
    return globSync('.plimsoll/runs/*/*', { cwd: this.path }).filter((file) => !file.endsWith('.log'))
  }

  /** The record knows the process of the task: from then on it can be adopted. */
  isIdentified(): boolean {
    const file = join(this.path, '.plimsoll/plimsoll.db')
    if (!existsSync(file)) return false
    using database = new DatabaseSync(file, { readOnly: true })
    return database.prepare('select 1 from attempts where pid is not null').get() !== undefined
  }

  /** At most a minute. */
  async until(condition: () => boolean): Promise<void> {
    for (let tries = 0; tries < 6_000 && !condition(); tries += 1) await sleep(10)
    assert.ok(condition())
  }
}

/** Stops an engine, but not in the middle of a commit: SQLite would keep everybody out, whoever has the lock. */
export async function pause(child: ChildProcess, stateDir: string): Promise<void> {
  for (;;) {
    child.kill('SIGSTOP')
    if (canBeWritten(join(stateDir, 'plimsoll.db'))) return
    child.kill('SIGCONT')
    await sleep(50)
  }
}

function canBeWritten(file: string): boolean {
  using database = new DatabaseSync(file, { timeout: 0 })
  try {
    database.exec('begin immediate; rollback')
    return true
  } catch {
    return false
  }
}

export const statusesOf = ({ tasks }: Report): string =>
  Object.entries(tasks)
    .map(([name, { status }]) => `${name} ${status}`)
    .join(', ')

/** Processes of these attempts that run still. */
export function orphansOf(messages: readonly RunMessage[]): readonly number[] {
  const finder = new ProcessFinder()
  return messages.flatMap((message) =>
    message.type === 'attempt-opened' ? finder.findByToken(message.token) : [],
  )
}

export function foundOf({ events }: Resumed): string {
  const [resumed] = events
  assert.ok(resumed?.type === 'run-resumed')
  return resumed.found.map(({ task, action }) => `${task} ${action}`).join(', ')
}
