/**
 * What a line that no rule knows is like: the words that it shares with the rules of one cause and with few others. On
 * labelled logs from which every rule that fits was taken away, the cause was among the first three guesses of this and
 * of `hints.ts` together in half of the logs, and in a third with the hints alone.
 */
import type { CauseName } from './causes.ts'
import type { Place } from './findings.ts'
import { withoutPrefix } from './plain-line.ts'
import { rules } from './rules/rules.ts'

type Likeness = { readonly cause: CauseName; readonly place: Place; readonly likeness: number }

/** Characters of a line that are looked at. */
const longestLine = 400
/** Two words in a row say more than both of them apart. */
const pairWeight = 2
/** A line this much farther from the failure counts half. */
const halfLines = 20
/** Long lines have many words of every kind. */
const usualWords = 10

type Shares = ReadonlyMap<string, ReadonlyMap<CauseName, number>>

/** Causes that these lines are like, the most alike first. `distanceOf` tells in lines how far one is from the failure. */
export function alikeCauses(
  places: readonly Place[],
  distanceOf: (place: Place) => number,
): readonly Likeness[] {
  const read = places.map((place) => ({
    place,
    terms: termsOf(wordsOf(withoutPrefix(place.whole).slice(0, longestLine))),
  }))
  const shares = sharesOf(new Set(read.flatMap(({ terms }) => terms)))
  const best = new Map<CauseName, Likeness>()
  for (const { place, terms } of read) {
    const weight = 1 / (1 + distanceOf(place) / halfLines) / Math.sqrt(1 + terms.length / usualWords)
    for (const [cause, sum] of sumsOf(terms, shares)) {
      const likeness = sum * weight
      if (likeness > (best.get(cause)?.likeness ?? 0)) best.set(cause, { cause, place, likeness })
    }
  }
  return [...best.values()].toSorted((left, right) => right.likeness - left.likeness)
}

function sumsOf(terms: readonly string[], known: Shares): Map<CauseName, number> {
  const sums = new Map<CauseName, number>()
  for (const term of terms) {
    const ofTerm = known.get(term)
    if (ofTerm === undefined) continue
    const rarity = (term.includes(' ') ? pairWeight : 1) / (1 + Math.log(1 + ofTerm.size))
    for (const [cause, share] of ofTerm) sums.set(cause, (sums.get(cause) ?? 0) + share * rarity)
  }
  return sums
}

/** The words of all phrases, in their order. */
let phrases: readonly {
  readonly cause: CauseName
  readonly words: readonly string[]
  readonly weight: number
}[]

/** A rule with many phrases is not more likely for that. */
const wordsOfRules = (): typeof phrases =>
  rules.flatMap(({ cause, phrases: all }) =>
    all.map((phrase) => ({ cause, words: wordsOf(phrase), weight: 1 / Math.sqrt(all.length) })),
  )

/** For each of these terms the causes whose rules have it, with their shares of it. */
function sharesOf(terms: ReadonlySet<string>): Shares {
  phrases ??= wordsOfRules()
  const counts = new Map<string, Map<CauseName, number>>()
  for (const { cause, words, weight } of phrases) {
    if (!words.some((word) => terms.has(word))) continue
    for (const term of termsOf(words)) {
      if (!terms.has(term)) continue
      const ofTerm = counts.get(term) ?? new Map<CauseName, number>()
      counts.set(term, ofTerm)
      ofTerm.set(cause, (ofTerm.get(cause) ?? 0) + weight)
    }
  }
  for (const ofTerm of counts.values()) {
    const sum = [...ofTerm.values()].reduce((total, count) => total + count, 0)
    for (const [cause, count] of ofTerm) ofTerm.set(cause, count / sum)
  }
  return counts
}

/** Words in lower case without what varies, and answers of HTTP. */
const wordsOf = (text: string): readonly string[] =>
  text
    .replaceAll(/\{\w{0,20}[#@!]?\}/g, ' ')
    .toLowerCase()
    .match(/[a-z][a-z']+|\b[45]\d\d\b/g) ?? []

/** The words, and pairs of neighbours; each once. */
const termsOf = (words: readonly string[]): readonly string[] => [
  ...new Set([...words, ...words.slice(1).map((word, index) => `${words[index]} ${word}`)]),
]
