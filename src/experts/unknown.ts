/** What is said where no cause is named: how it ended, and what was found that was not why. */
import { causes } from './causes.ts'
import type { Finding, LogFindings, Place } from './findings.ts'
import type { RankedCause } from './rank.ts'

export type Unknown = {
  readonly explanation: string
  /** The most telling last. */
  readonly places: readonly Place[]
}

export type Known = {
  /** All that rules found, whatever its score. */
  readonly ranked: readonly RankedCause[]
  readonly isFamiliar: (place: Place) => boolean
  /** Of the last lines those that no earlier green run had. */
  readonly unseen: readonly Place[]
  /** How it ended, as a sentence without its full stop; null where nobody knows that it failed. */
  readonly ended: string | null
}

export function whyUnknown(logs: readonly LogFindings[], known: Known): Unknown {
  const { ranked, isFamiliar, ended } = known
  const aside = setAside(ranked, isFamiliar)
  if (aside !== undefined) {
    const what = aside.findings.every(({ soft }) => soft)
      ? 'Only warnings look like a failure'
      : 'The work went on after what looks most like a failure'
    return {
      explanation: `${ended === null ? '' : `${ended}. `}${what} (${causes[aside.cause].title}).`,
      places: aside.findings.toReversed(),
    }
  }
  const troubles = logs.flatMap(({ marks }) => marks.trouble).filter((place) => !isFamiliar(place))
  const these = 'these are the last lines that look like trouble.'
  if (troubles.length > 0) {
    const what = ended === null ? 'No rule knows what happened' : `${ended}, and no rule knows why`
    return { explanation: `${what}; ${these}`, places: troubles }
  }
  const compared = comparedWithGreen(known)
  if (compared !== null) return compared
  if (ended === null) return { explanation: 'Nothing in what was read looks like a failure.', places: [] }
  return { explanation: `${ended}, and no line tells why.`, places: logs.flatMap(({ marks }) => marks.end) }
}

/** With the line that green runs said, too. */
const fewLines = 4

/** What looks most like a failure, if green runs said it as well, and what none of them said. */
function comparedWithGreen({ ranked, isFamiliar, unseen, ended }: Known): Unknown | null {
  if (ended === null) return null
  const [best] = ranked.filter(({ findings }) => findings.some(isFamiliar))
  const news = 'these are the last lines that no green run had.'
  if (best === undefined)
    return unseen.length === 0 ? null : { explanation: `${ended}; ${news}`, places: unseen }
  const also = `Green runs, too, said what looks most like a failure (${causes[best.cause].title})`
  return {
    explanation: `${ended}. ${also}${unseen.length === 0 ? '.' : `; ${news}`}`,
    places: [...best.findings.slice(0, 1), ...unseen.slice(-fewLines)],
  }
}

/** What weighs nothing, as the work went on after it or it is a warning: the last of it that is more than a warning. */
function setAside(
  ranked: readonly RankedCause[],
  isFamiliar: Known['isFamiliar'],
): Pick<RankedCause, 'cause' | 'findings'> | undefined {
  const saysMuch = (finding: Finding): boolean => finding.rule.depth !== 'maybe' && !isFamiliar(finding)
  return ranked
    .filter(({ score }) => score === 0)
    .map(({ cause, findings }) => ({ cause, findings: findings.filter(saysMuch).toSorted(hardThenLate) }))
    .filter(({ findings }) => findings.length > 0)
    .toSorted((left, right) => hardThenLate(left.findings[0], right.findings[0]))[0]
}

const hardThenLate = (left: Finding | undefined, right: Finding | undefined): number =>
  Number(left?.soft) - Number(right?.soft) || (right?.line ?? 0) - (left?.line ?? 0)
