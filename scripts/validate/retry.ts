import assert from 'node:assert/strict'
import { PlimsollError } from '../../src/errors.ts'
import { type RetryConfig, retry } from '../../src/retry/retry.ts'
import { realRun } from './real-run.ts'
import { rowsOf } from './row.ts'

async function nothingOfTheLastAttemptIsAlive(): Promise<string> {
  // The shell's own children survive it; one of them even leaves its process group.
  const plan = `
name: again
tasks:
  stubborn:
    retry: { attempts: 3, delay: 1ms }
    run: |
      for pid in $(cat pids 2>/dev/null); do
        case "$(ps -o stat= -p "$pid")" in ""|Z*) ;; *) echo "alive=$pid" >> "$PLIMSOLL_OUTPUT" ;; esac
      done
      sleep 300 & echo $! >> pids
      setsid sleep 300 & echo $! >> pids
      (trap '' TERM; sleep 300) & echo $! >> pids
      test "$PLIMSOLL_ATTEMPT" = 3
`
  return realRun(plan, ({ report }) => {
    const { stubborn } = report.tasks
    assert.equal(stubborn?.status, 'succeeded')
    assert.equal(stubborn.attempts, 3)
    assert.deepEqual(stubborn.outputs, {})
    return '3 attempts left 3 processes each; none of them was alive when the next attempt looked'
  })
}

const wrong: readonly (readonly [RetryConfig, RegExp])[] = [
  [{ maxAttempts: 0 }, /maxAttempts is 0/],
  [{ maxAttempts: 1.5 }, /maxAttempts is 1.5/],
  [{ maxAttempts: Number.NaN }, /maxAttempts is NaN/],
  [{ maxAttempts: Number.POSITIVE_INFINITY }, /maxAttempts is Infinity/],
  [{ minDelayMs: -1 }, /minDelayMs is -1/],
  [{ maxDelayMs: Number.NaN }, /maxDelayMs is NaN/],
  [{ minDelayMs: 10, maxDelayMs: 5 }, /minDelayMs is 10, more than maxDelayMs/],
  [{ totalTimeoutMs: -1 }, /totalTimeoutMs is -1/],
  [JSON.parse('{"strategy":"fibonacci"}'), /strategy is "fibonacci", expected one of/],
]

async function wrongConfigurationsAreRefused(): Promise<string> {
  let attempts = 0
  const fn = async (): Promise<void> => {
    attempts += 1
  }
  for (const [config, reason] of wrong) {
    await assert.rejects(retry(fn, config), (error) => {
      assert.ok(error instanceof PlimsollError && error.code === 'OPTION_INVALID')
      assert.match(error.message, reason)
      return true
    })
  }
  assert.equal(attempts, 0)
  return `${wrong.length} wrong configurations refused, each with its reason and before the first attempt`
}

export const retryRows = rowsOf('retry', [
  ['nothing of attempt n is alive in attempt n+1', nothingOfTheLastAttemptIsAlive],
  ['under pressure an attempt waits instead of failing', null],
  ['a payload over the limit is refused before the first attempt', null],
  ['memory growth over the limit ends the operation', null],
  ['the clean-up hook runs between attempts and can be turned off', null],
  ['wrong configurations are refused with the reason', wrongConfigurationsAreRefused],
  ['collection is asked for only under pressure', null],
])
