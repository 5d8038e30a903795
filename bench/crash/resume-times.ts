/** How long it takes until a run of 1,000 tasks goes on that was killed when half of them had ended. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { resume } from '../../src/deploy.ts'
import type { RunMessage } from '../../src/spine.ts'
import { root, TemporaryFolder } from '../measure.ts'

const rounds = 5
const tasks = 1_000
const engine = join(root, 'src/cli/main.ts')

export type Times = { readonly inside: readonly number[]; readonly whole: readonly number[] }

export async function resumeTimes(): Promise<Times> {
  using folder = new TemporaryFolder()
  writeFileSync(join(folder.path, 'plimsoll.yaml'), plan())
  const child = engineOf(['deploy', '--json'], folder.path)
  const closed = once(child, 'close')
  let ended = 0
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{"type":"task-ended"')) ended += 1
    if (ended === tasks / 2) child.kill('SIGKILL')
  }
  await closed
  const inside: number[] = []
  const whole: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    inside.push(await firstTaskInside(join(folder.path, '.plimsoll'), join(folder.path, `inside-${round}`)))
    whole.push(await firstTaskOfCommand(join(folder.path, '.plimsoll'), join(folder.path, `whole-${round}`)))
  }
  return { inside, whole }
}

function plan(): string {
  const lines = Array.from({ length: tasks }, (_, index) => {
    const needs = index < 100 ? '' : `, needs: [t${index - 100}]`
    return `  t${index}: { exec: [/bin/true], memory: 8MiB${needs} }`
  })
  return `name: large\ntasks:\n${lines.join('\n')}\n`
}

function engineOf(words: readonly string[], cwd: string) {
  return spawn(process.execPath, [engine, ...words], { cwd, stdio: ['ignore', 'pipe', 'ignore'] })
}

/** From the call of `resume`. The record is copied first: each round goes on with the same. */
async function firstTaskInside(record: string, stateDir: string): Promise<number> {
  cpSync(record, stateDir, { recursive: true })
  const stop = new AbortController()
  const startMs = performance.now()
  let firstMs = Number.NaN
  await resume('last', {
    stateDir,
    signal: stop.signal,
    killSignal: stop.signal,
    onEvent: (message: RunMessage) => {
      if (message.type !== 'task-started' || !Number.isNaN(firstMs)) return
      firstMs = performance.now() - startMs
      stop.abort()
    },
  })
  return firstMs
}

async function firstTaskOfCommand(record: string, stateDir: string): Promise<number> {
  cpSync(record, stateDir, { recursive: true })
  const startMs = performance.now()
  const child = engineOf(['resume', '--json', '--state', stateDir], join(record, '..'))
  const closed = once(child, 'close')
  let firstMs = Number.NaN
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{"type":"task-started"') || !Number.isNaN(firstMs)) continue
    firstMs = performance.now() - startMs
    child.kill('SIGKILL')
  }
  await closed
  return firstMs
}
