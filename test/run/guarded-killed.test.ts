/** The engine is killed at the moment at which its guard holds tasks back. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { ProcessFinder } from '../../src/memory/memory.ts'
import type { RunMessage } from '../../src/spine.ts'
import { jsonLines } from '../cli/plimsoll.ts'
import { growing, reasonToSkip, SmallMachine } from '../cli/small-machine.ts'
import { orphansOf, statusesOf, Yard } from './killing.ts'

const names = ['a', 'b', 'c', 'd']

/**
 * Each adds its name to a file when it is done. They are expected to need little, so that all begin at once, and
 * wait for each other before they grow.
 */
function plan(yard: Yard, mebibytes: number): void {
  yard.write('growing.mjs', growing)
  const grow = `node growing.mjs ${mebibytes} ${names.length}`
  const task = (name: string): string =>
    `  ${name}: { run: "${grow} && echo ${name} >>count", memory: { expect: 20MiB, limit: 1GiB } }`
  yard.plan(`${names.map(task).join('\n')}\n`)
}

/** Undefined if the run came to its end without what was waited for. */
async function killedWhen(
  action: string,
  yard: Yard,
  machine: SmallMachine,
): Promise<readonly RunMessage[] | undefined> {
  const child = machine.start(yard, ['deploy', '--json'])
  const closed = once(child, 'close')
  const messages: RunMessage[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const message: RunMessage = JSON.parse(line)
    messages.push(message)
    if (message.type === 'task-guarded' && message.action === action) child.kill('SIGKILL')
  }
  await closed
  return messages.at(-1)?.type === 'report' ? undefined : messages
}

const isStopped = (pid: number): boolean =>
  /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, { encoding: 'utf8', flag: 'r' }))

/** False if the guard did not have to go that far, so that nothing was shown. */
async function isResumedAfter(action: string, mebibytes: number): Promise<boolean> {
  using yard = new Yard()
  using machine = new SmallMachine(450 * 2 ** 20)
  plan(yard, mebibytes)
  const messages = await killedWhen(action, yard, machine)
  if (messages === undefined) return false
  const { code, stdout } = await machine.plimsoll(yard, ['resume', '--json'])
  const report = jsonLines(stdout).at(-1) as RunMessage | undefined
  assert.ok(report?.type === 'report', stdout.slice(-2_000))
  assert.equal(code, 0, stdout.slice(-2_000))
  assert.equal(statusesOf(report), names.map((name) => `${name} succeeded`).join(', '))
  assert.deepEqual(yard.lines().toSorted(), names)
  assert.deepEqual(orphansOf(messages), [])
  const finder = new ProcessFinder()
  const started = messages.flatMap((one) => (one.type === 'attempt-opened' ? [one.token] : []))
  assert.deepEqual(started.flatMap((token) => finder.findByToken(token)).filter(isStopped), [])
  assert.deepEqual(yard.leftFiles(), [])
  return true
}

/** MiB of each task: together with the engine above the load line (382 MiB), or above all there is; without one task below it. */
const needs = { suspended: 80, requeued: 95 }

/** How far the guard has to go is decided by milliseconds: up to this many runs are watched for it. */
const runsAtMost = 8

for (const [action, mebibytes] of Object.entries(needs)) {
  test(`killed when a task was ${action} for want of memory: nothing stays stopped, and each task ends once`, {
    skip: reasonToSkip(),
  }, async () => {
    let runs = 1
    while (!(await isResumedAfter(action, mebibytes))) {
      runs += 1
      assert.ok(
        runs <= runsAtMost,
        `nothing was ${action} in ${runsAtMost} runs: the test does not show anything`,
      )
    }
  })
}
