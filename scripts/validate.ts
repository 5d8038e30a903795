/**
 * Exercises every promised feature for real and prints what was seen. The last line is "N passed, N failed"; what is
 * not built counts as failed. Exit code 1 when a row that scripts/validate-green.json lists does not pass.
 */
import { readFileSync } from 'node:fs'
import { messageOf } from '../src/errors.ts'
import { deploymentRows } from './validate/deployments.ts'
import { executorRows } from './validate/executor.ts'
import { expertRows } from './validate/experts.ts'
import { metricsRows } from './validate/metrics.ts'
import { queryRows } from './validate/queries.ts'
import { retryRows } from './validate/retry.ts'
import type { Row } from './validate/row.ts'

/** A feature that takes longer than this hangs, in milliseconds. */
const longestExerciseMs = 120_000

type Seen = { readonly passed: boolean; readonly saw: string }

async function see({ exercise }: Row): Promise<Seen> {
  if (exercise === null) return { passed: false, saw: 'not built' }
  const { promise: hung, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(new Error(`no end after ${longestExerciseMs / 1000} s`)),
    longestExerciseMs,
  )
  try {
    return { passed: true, saw: await Promise.race([exercise(), hung]) }
  } catch (error) {
    return { passed: false, saw: messageOf(error).split('\n', 3).join(' ') }
  } finally {
    clearTimeout(timer)
  }
}

const green: readonly string[] = JSON.parse(
  readFileSync(new URL('validate-green.json', import.meta.url), 'utf8'),
)
const passed = new Set<string>()
const rows = [...executorRows, ...retryRows, ...queryRows, ...expertRows, ...metricsRows, ...deploymentRows]
let component = ''
for (const row of rows) {
  if (row.component !== component) {
    component = row.component
    console.log(`\n${component}`)
  }
  const seen = await see(row)
  if (seen.passed) passed.add(`${row.component} ${row.number}`)
  console.log(`  ${seen.passed ? '✔' : '✘'} ${row.number} ${row.title}\n      ${seen.saw}`)
}

const lost = green.filter((name) => !passed.has(name))
const gained = [...passed].filter((name) => !green.includes(name))
console.log('')
if (gained.length > 0)
  console.log(`Passes, and belongs into scripts/validate-green.json: ${gained.join(', ')}`)
if (lost.length > 0) console.log(`Was green and is not: ${lost.join(', ')}`)
console.log(`${passed.size} passed, ${rows.length - passed.size} failed`)
// Something that an exercise left running must not keep the process alive.
process.exit(lost.length > 0 ? 1 : 0)
