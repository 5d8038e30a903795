/**
 * Sends the customers to another release, then waits until the last request at the one before is over.
 *
 *     node tasks/switch.ts PORT
 *
 * It fails only when the front door did not take the port, and then nothing has changed: a task that fails is not
 * undone. For the same reason it goes back itself when it is stopped.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, frontDoorSocket } from '../control.ts'

const longestDrainMs = 10_000
const door = frontDoorSocket(process.env.DATA ?? '')
const [port = ''] = process.argv.slice(2)

const previous = await ask(door, `use ${port}`)
if (previous === null) throw new Error('the front door is not open')
process.once('SIGTERM', () => void ask(door, `use ${previous}`).finally(() => process.exit(143)))

const drained = ask(door, 'drain').then(
  (requests) => `${requests} requests were under way there and are answered`,
)
const late = sleep(longestDrainMs, `some requests there are not over after ${longestDrainMs} ms`, {
  ref: false,
})
console.log(`${previous} -> ${port}: ${await Promise.race([drained, late])}`)
// A drain that is still waited for would keep this process.
process.exit(0)
