/** Values of samples as texts that lose nothing. */

const bits = new DataView(new ArrayBuffer(8))
const usualNaN = 0x7ff8_0000_0000_0000n

/** The shortest text that reads back the same; a counter of 64 bits as digits, which no number is written as. */
export function plainValue(value: number | bigint): string {
  if (typeof value === 'bigint') return String(value)
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  if (Object.is(value, -0)) return '-0'
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : String(value)
}

/** As `plainValue`, but a bigint ends in "n", and a NaN that is not the usual one has its bits: `NaN(0x7ff0000000000002)`. */
export function exactValue(value: number | bigint): string {
  if (typeof value === 'bigint') return `${value}n`
  if (!Number.isNaN(value)) return plainValue(value)
  bits.setFloat64(0, value)
  const found = bits.getBigUint64(0)
  return found === usualNaN ? 'NaN' : `NaN(0x${found.toString(16)})`
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const least = -(2n ** 63n)
const most = 2n ** 64n - 1n

/** Digits of a whole number that no number can hold become a bigint, where 64 bits can. Undefined when it is no value. */
export function parseValue(text: string): number | bigint | undefined {
  if (decimal.test(text)) {
    const value = Number(text)
    if (Number.isSafeInteger(value) || !/^[+-]?\d+$/.test(text) || text.length > 21) return value
    const whole = BigInt(text.replace(/^\+/, ''))
    return whole >= least && whole <= most ? whole : value
  }
  if (/^[+]?inf(?:inity)?$/i.test(text)) return Number.POSITIVE_INFINITY
  if (/^-inf(?:inity)?$/i.test(text)) return Number.NEGATIVE_INFINITY
  return /^nan$/i.test(text) ? Number.NaN : undefined
}

/** What `exactValue` wrote, or what `parseValue` knows. */
export function parseExactValue(text: string): number | bigint | undefined {
  if (/^-?\d{1,20}n$/.test(text)) return BigInt(text.slice(0, -1))
  const pattern = /^NaN\(0x([0-9a-f]{16})\)$/.exec(text)?.[1]
  if (pattern === undefined) return parseValue(text)
  bits.setBigUint64(0, BigInt(`0x${pattern}`))
  const value = bits.getFloat64(0)
  return Number.isNaN(value) ? value : undefined
}
