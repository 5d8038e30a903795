/** Prometheus marks the end of a series with a NaN of its own, which no aggregate counts. */

/** Source: model/value/value.go of Prometheus. */
const staleBits = 0x7ff0_0000_0000_0002n

type Numbers = { readonly timestampsMs: Float64Array; readonly values: Float64Array }

/** The same columns when there is no such mark in them. */
export function withoutStale(columns: Numbers): Numbers {
  const { timestampsMs, values } = columns
  if (!hasNaN(values)) return columns
  const bits = new BigUint64Array(values.buffer, values.byteOffset, values.length)
  const isKept = (_: number, index: number): boolean => bits[index] !== staleBits
  return { timestampsMs: timestampsMs.filter(isKept), values: values.filter(isKept) }
}

/**
 * Every aggregate asks it of every block: several times faster than `values.some(Number.isNaN)`. The sum is NaN as soon
 * as one of them is, or where both infinities are: then each is looked at.
 */
function hasNaN(values: Float64Array): boolean {
  let even = 0
  let odd = 0
  const pairs = values.length - 1
  let index = 0
  for (; index < pairs; index += 2) {
    even += values[index] as number
    odd += values[index + 1] as number
  }
  if (index < values.length) even += values[index] as number
  return Number.isNaN(even + odd) && values.some(Number.isNaN)
}
