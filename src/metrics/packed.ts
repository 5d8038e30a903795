/** How ByteWriter packs numbers and ByteReader unpacks them. */

/** One that is far from the others makes no more than these wider. */
export const packedTogether = 128
/** So many bits, begun anywhere in a byte, lie in four bytes. */
export const widestShifted = 24
export const widest = 56
/** The four bytes of the last number may end so many behind it. */
export const packedPadding = 3

/** Bits that numbers from 0 to this one need; those that do not fit in four bytes have whole ones. */
export function widthOf(most: number): number {
  if (most < 2 ** widestShifted) return 32 - Math.clz32(most)
  let width = 32
  while (most >= 2 ** width) width += 8
  return width
}
