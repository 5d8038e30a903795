/**
 * FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), a sign at a time: of 32 bits, or from two beginnings at once of 53,
 * as many as a number holds exactly. A sign may be a byte, a code unit, or a number above that stands for many.
 */
export const hashStart = 0x811c9dc5 | 0
export const secondStart = 0x050c5d1f
export const withSign = (hash: number, sign: number): number => Math.imul(hash ^ sign, 0x01000193)

/** Of two texts in 2^53 that differ one is taken for the other. */
export const hashOf53 = (low: number, high: number): number => (low >>> 0) * 2 ** 21 + (high >>> 11)
