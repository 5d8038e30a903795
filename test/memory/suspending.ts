/**
 * An engine for a test to kill: it suspends one process, and takes another for one that it is not. Of each helper that
 * it has told of them it says the process id.
 */
import { readFileSync } from 'node:fs'
import { Suspender } from '../../src/memory/memory.ts'
import { readProcessStat } from '../../src/memory/process-stat.ts'

const [leader = 0, other = 0] = process.argv.slice(2).map(Number)
const stat = readProcessStat('/', other)
const suspender = new Suspender()
suspender.suspend(leader, () => (stat ? [{ ...stat, pid: other, startTicks: 1 }] : []))
let told = ''
setInterval(() => {
  const helper = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim()
  if (helper !== '' && helper !== told) console.log(helper)
  told = helper
}, 5)
