/** The words that rules, marks and expressions on lines are made of: any other word may be any name. */
import { hashStart, withSign } from './hash.ts'
import * as lineKinds from './line-kinds.ts'
import { allPrefixes } from './prefixes.ts'
import { softPatterns } from './severity.ts'
import type { Mark, Rule } from './words.ts'

/** Expressions have these as the beginning of a word, or as its end. */
const forms = ['deprecate', 'deprecated', 'deprecates', 'deprecation', 'deprecations']

/** In lower case, as hashes. */
export type Vocabulary = ReadonlySet<number>

export function vocabularyOf(said: readonly (Mark | Rule)[]): Vocabulary {
  const texts = said.flatMap(({ phrases, unless = [] }) => [...phrases, ...unless])
  const patterns = [...softPatterns, ...allPrefixes, ...Object.values(lineKinds)].filter(isPattern)
  const hashes = new Set<number>()
  for (const text of [...texts, ...patterns.map(wordsOf), ...forms])
    for (const word of text.toLowerCase().match(/[a-z\d]+/g) ?? []) hashes.add(hashOfWord(word))
  return hashes
}

/** `\bwarn` has the word `warn`. */
const wordsOf = ({ source }: RegExp): string => source.replace(/\\[a-z]/gi, ' ')

const isPattern = (one: unknown): one is RegExp => one instanceof RegExp

/** Of letters and digits in lower case, as a small integer of V8. */
function hashOfWord(word: string): number {
  let hash = hashStart
  for (let at = 0; at < word.length; at += 1) hash = withSign(hash, word.charCodeAt(at))
  return hash & smallest
}

export const smallest = 0x3fffffff
