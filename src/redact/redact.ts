/**
 * Keeps secrets out of what is written down: every known value, and the usual encodings of it, become `***` in texts
 * and in streams of bytes, however the stream is cut. It masks what it was told; it does not guess what looks secret,
 * and it does not see a value that was split, reversed, compressed or encrypted.
 */

export { maskedFacts } from './masked-facts.ts'
export { createMasker, type Masker, type MaskingStream } from './masker.ts'
