/**
 * An engine for a test to kill: suspends its task, says the process ids of the task and of the helper, and stays or
 * lets the task go on to its end without giving anything back.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TaskControl } from '../../src/spine.ts'
import { until } from '../pool/pools.ts'
import { counting, countsIn, openBench, shell } from './run-task.ts'

const [, , dir = '', how] = process.argv
const bench = await openBench()
async function suspend(control: TaskControl): Promise<void> {
  await until(() => countsIn(dir).every((count) => count > 2))
  control.suspend()
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ')
  process.stdout.write(children.join(' '))
  await sleep(how === 'stay' ? 60_000 : 200)
  control.resume()
  writeFileSync(join(dir, 'go'), '')
}

await bench.run(
  shell(`${counting()}; wait; exit 5`),
  { dir },
  { stateDir: dir, onControl: (control) => void (control && suspend(control)) },
)
