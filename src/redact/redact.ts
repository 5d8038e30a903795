/**
 * Keeps secrets out of what is written down: every known value, and the usual encodings of it, become `***` in texts
 * and in streams of bytes, however the stream is cut; so does what looks like a secret though nobody named it, such as the keys
 * of known services, private keys and the values of passwords. It does not see a value that was split, reversed, compressed
 * or encrypted, and a password that looks like a word is found only where it was told.
 */

export { maskedFacts } from './masked-facts.ts'
export { createRedactor, type Masker, type Redactor } from './masker.ts'
