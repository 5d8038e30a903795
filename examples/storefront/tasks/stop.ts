/**
 * Stops the release at a port; its requests are answered first. Nothing there is as good.
 *
 *     node tasks/stop.ts PORT...
 *
 * It does not fail: when it runs, customers are already elsewhere, and a release that is slow to leave is no reason
 * to bring it back.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, releaseSocket } from '../control.ts'

const longestStopMs = 10_000

for (const port of process.argv.slice(2)) {
  const stopped = ask(releaseSocket(process.env.DATA ?? '', port), 'stop').catch((error: unknown) =>
    String(error),
  )
  const answer = await Promise.race([stopped, sleep(longestStopMs, 'is still stopping', { ref: false })])
  console.log(`${port}: ${answer === null ? 'nothing runs here' : answer || 'stopped'}`)
}
process.exit(0)
