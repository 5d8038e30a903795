/**
 * An engine for a test to kill: suspends its task, says the process ids of the task and of the helper, and stays or
 * lets the task go on to its end without giving anything back.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TaskControl } from '../../src/spine.ts'
import { counting, openBench, shell } from './run-task.ts'

const [, , dir = '', how] = process.argv
const bench = await openBench()
async function suspend(control: TaskControl): Promise<void> {
  await sleep(400)
  control.suspend()
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ')
  process.stdout.write(children.join(' '))
  await sleep(how === 'stay' ? 60_000 : 200)
  control.resume()
}

await bench.run(
  shell(`${counting(40)}; wait; exit 5`),
  { dir },
  { stateDir: dir, onControl: (control) => void (control && suspend(control)) },
)
