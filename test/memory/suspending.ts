/** An engine for a test to kill: it suspends one process, and takes another for one that it is not. */
import { Suspender } from '../../src/memory/memory.ts'
import { readProcessStat } from '../../src/memory/process-stat.ts'

const [leader = 0, other = 0] = process.argv.slice(2).map(Number)
const stat = readProcessStat('/', other)
const suspender = new Suspender()
suspender.suspend(leader, () => (stat ? [{ ...stat, pid: other, startTicks: 1 }] : []))
console.log('suspended')
setInterval(() => undefined, 60_000)
