/** A word may begin in the middle of what looks like one: right after a colour, or a sign that is written in letters. */

/** More than the longest of them, in bytes. */
export const mostBefore = 32

/** `ESC[31m`, however its first sign is written; `\n` and `\x0a` of JSON and shells, `\u001b`, `%20`. */
const signInLetters =
  /(?:\[[0-9;:?]{0,24}[A-Za-z]|\\(?:[abefnrtv]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|0[0-7]{1,2})|%[0-9A-Fa-f]{2})$/

/** @param before what stands right before the word, up to `mostBefore` bytes. */
export const endsInSign = (before: Uint8Array): boolean =>
  signInLetters.test(Buffer.from(before.buffer, before.byteOffset, before.length).toString('latin1'))
