/** An engine that runs in a control group with less memory than its task may use; prints how the task has ended. */
import { systemClock } from '../../src/clock.ts'
import { TaskGroups } from '../../src/memory/memory.ts'
import { exec, openBench } from './run-task.ts'

const withoutGroups = (): TaskGroups => new TaskGroups({ clock: systemClock, root: '/nonexistent' })
await using bench = await openBench({}, process.argv[2] === 'without' ? { makeGroups: withoutGroups } : {})
const { report } = await bench.run(
  exec(process.execPath, '-e', 'const a = []; setInterval(() => a.push(Buffer.alloc(20e6, 1)), 20)'),
)
console.log(JSON.stringify(report))
