/**
 * Deploys the plan of a file, three times as fast, anew or (`go-on`) where it was left, and says how that ended as one line
 * of JSON. `take-and-die`: it is killed when it has taken over the run, before it has touched a task.
 */
import { deploy } from '../../src/deploy.ts'
import { factsOf } from '../../src/errors.ts'
import { readPlan } from '../../src/plan/plan.ts'
import { fastClock } from './fast-clock.ts'

const [file = '', waitForLockMs = '0', how = 'anew'] = process.argv.slice(2)
const plan = await readPlan(file, {})
const ending = await deploy(plan, {
  clock: fastClock(3),
  waitForLockMs: Number(waitForLockMs),
  fresh: how === 'anew',
  onEvent: ({ type }) => {
    if (how === 'take-and-die' && type === 'run-resumed') process.kill(process.pid, 'SIGKILL')
  },
}).then(
  ({ runId, status, waitReasons }) => ({ runId, status, waitReasons }),
  (error: unknown) => ({ error: factsOf(error) }),
)
process.stdout.write(`${JSON.stringify(ending)}\n`)
