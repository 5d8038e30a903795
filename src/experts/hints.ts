/** The last resort: words that a person would go by, in lines near a failure that no rule knows. */
import type { CauseName } from './causes.ts'
import type { LogFindings, Place } from './findings.ts'
import { type Hint, hints } from './hint-words.ts'
import { alikeCauses } from './likeness.ts'
import { givingUp } from './outcome.ts'
import { parsePhrase } from './phrase.ts'
import { withoutPrefix } from './plain-line.ts'
import type { RankedCause } from './rank.ts'
import { isSoft } from './severity.ts'
import type { Rule } from './words.ts'

export type Guesses = {
  /** By words that people go by. */
  readonly hinted: readonly RankedCause[]
  /** By the words of rules: good for second and third place only. Takes some 20 ms the first time. */
  readonly alike: () => readonly RankedCause[]
}

/** Lines before the place where the failure was noticed, and after it, in which words count. */
const before = 50
const after = 5

/**
 * Causes of which the last lines speak, the nearest first, and those whose rules use the same words: for when no rule
 * knows any of them, or fewer than are asked for. What they say of themselves tells that they are guesses.
 */
export function guessedCauses(logs: readonly LogFindings[], isFamiliar: (place: Place) => boolean): Guesses {
  const places = logs.flatMap(nearTheFailure).filter(({ place }) => !isFamiliar(place))
  const causes = new Map<CauseName, RankedCause>()
  for (const { place } of places.toReversed()) {
    const line = place.whole.toLowerCase()
    for (const [cause, hint] of Object.entries(hints) as [CauseName, Hint][]) {
      const word = hint.words.find((text) => line.includes(text))
      if (word !== undefined && !causes.has(cause)) causes.set(cause, hinted(cause, hint, { place, word }))
    }
  }
  const distances = new Map(places.map(({ place, distance }) => [place, distance]))
  return {
    hinted: [...causes.values()].slice(0, mostHints),
    alike: () =>
      alikeCauses([...distances.keys()], (place) => distances.get(place) ?? 0).map(({ cause, place }) =>
        guess(cause, likenessSays, { place, word: '' }),
      ),
  }
}

/** With likeness after two of them more guesses are right than with any other number. */
const mostHints = 2
const likenessSays = 'No rule knows these words; rules for this cause have the most of them.'

type Near = { readonly place: Place; readonly distance: number }

function nearTheFailure(log: LogFindings): readonly Near[] {
  const { end, failure, trouble } = log.marks
  const { failedStepLine, cleanupLine } = givingUp(log)
  const last = end.at(-1)?.line ?? failure.at(-1)?.line ?? log.lines
  const givenUp = Math.min(failedStepLine, cleanupLine)
  const noticed = Math.min(givenUp, last)
  return trouble
    .filter(
      ({ line, whole }) =>
        line >= noticed - before && line <= Math.min(noticed + after, givenUp) && !isHarmless(whole),
    )
    .map((place) => ({ place, distance: Math.abs(noticed - place.line) }))
}

/** Warnings, who gives up without a reason, counts of nothing, tests that are left out or may fail, what is fetched or compiled: names of any words. */
const harmless =
  /\bwarn|\b0 (?:error|fail)|no errors?\b|(?:errors|failed): 0|\b(?:skipped|xfail)\b|^\W{0,4}(?:Download|Fetch|Collect|Compil|Check|Build|Install|Unpack|Using)ing\b|^\W{0,4}Downloaded\b|\bGET 200\b|^ScriptException: |Build failed with an exception|^BUILD FAIL|completed with exit code|^make\b.{0,80}\*\*\*|^\[Help|^Re-run |^For more information/i

const isHarmless = (whole: string): boolean => isSoft(whole) || harmless.test(withoutPrefix(whole))

type Said = { readonly place: Place; readonly word: string }

const hinted = (cause: CauseName, { about }: Hint, said: Said): RankedCause =>
  guess(cause, `No rule knows these words; they speak of ${about}.`, said)

function guess(cause: CauseName, says: string, { place, word }: Said): RankedCause {
  const rule: Rule = { id: `hint-${cause}`, cause, phrases: [word], says, log: word, source: 'common words' }
  const phrase = parsePhrase(word, true)
  return { cause, score: 0, findings: [{ ...place, rule, phrase, at: 0, soft: false }] }
}
