/** "Did you mean": the candidate that a person most likely meant when they typed `word`. */

/** Longer words get no suggestion: the distance costs the square of the length. */
const longestWord = 64

/**
 * The candidate with the fewest typing errors (a letter added, left out, replaced, or two neighbours swapped),
 * case ignored first. Undefined when none is near: more than a third of the letters wrong (of short words:
 * more than one, or all), or more than three.
 */
export function nearestName(word: string, candidates: Iterable<string>): string | undefined {
  const typed = word.toLowerCase()
  if (typed.length === 0 || typed.length > longestWord) return undefined
  let nearest: string | undefined
  let fewest = Math.min(typed.length, 4, Math.max(2, Math.floor(typed.length / 3) + 1))
  for (const candidate of candidates) {
    if (candidate === word || Math.abs(candidate.length - typed.length) >= fewest) continue
    const errors = typingErrors(typed, candidate.toLowerCase(), fewest)
    if (errors >= fewest) continue
    nearest = candidate
    fewest = errors
    if (fewest === 0) break
  }
  return nearest
}

/** `; did you mean "NAME"?`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const nearest = nearestName(word, candidates)
  return nearest === undefined ? '' : `; did you mean ${JSON.stringify(nearest)}?`
}

/** Optimal string alignment distance; gives up with `enough` as soon as it can only be that or more. */
function typingErrors(a: string, b: string, enough: number): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(beforeLast, j - 2) + 1 : replaced
      row.push(Math.min(at(last, j) + 1, at(row, j - 1) + 1, replaced, swapped))
    }
    if (Math.min(...row, ...(beforeLast.length > 0 ? last : row)) >= enough) return enough
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

const at = (row: readonly number[], index: number): number => row[index] ?? Number.POSITIVE_INFINITY
