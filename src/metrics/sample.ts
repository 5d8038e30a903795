/** A sample that may be wrong becomes one that is right, or an error that says why. */
import { invalid } from './series-key.ts'

/** The range of a Date. */
const largestMs = 8.64e15
const least = -(2n ** 63n)
const most = 2n ** 64n - 1n

/** @throws METRIC_INVALID */
export function checkTime(name: string, timestampMs: number): void {
  if (Number.isInteger(timestampMs) && timestampMs <= largestMs && timestampMs >= -largestMs) return
  throw invalid(
    `the time ${String(timestampMs)} of ${name} is no whole number of milliseconds within 8.64e15 of 1970`,
  )
}

/** @throws METRIC_INVALID */
export function checkValue(name: string, value: number | bigint): void {
  if (typeof value === 'number') return
  if (typeof value !== 'bigint')
    throw invalid(`the value of ${name} is ${typeof value}, not a number or a bigint`)
  if (value < least || value > most) throw invalid(`the counter ${name} is at ${value}, beyond 64 bits`)
}
