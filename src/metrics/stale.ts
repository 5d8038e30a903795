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

/** Several times faster than `values.some(Number.isNaN)`, and every aggregate asks it of every block. */
function hasNaN(values: Float64Array): boolean {
  for (let index = 0; index < values.length; index += 1) if (Number.isNaN(values[index])) return true
  return false
}
