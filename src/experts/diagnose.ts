import { createRedactor } from '../redact/redact.ts'
import type { Diagnosis, LogLine } from '../spine.ts'
import { type Cause, type CauseName, causes } from './causes.ts'
import { Effort } from './effort.ts'
import { excerptOf } from './excerpt.ts'
import { causeOfFacts, type FactCause, goesBefore } from './facts.ts'
import { FamiliarLines } from './familiar.ts'
import { filled, holesIn } from './filled.ts'
import type { LogFindings, Place } from './findings.ts'
import { findInAll } from './found-in-all.ts'
import { type Guesses, guessedCauses } from './hints.ts'
import { otherReadings } from './kin.ts'
import { newLines } from './new-lines.ts'
import { endsInError, saysFailed } from './outcome.ts'
import type { Phrase } from './phrase.ts'
import { type RankedCause, rankCauses } from './rank.ts'
import { type Unknown, whyUnknown } from './unknown.ts'
import type { Depth, EngineFacts, Evidence, Log } from './words.ts'

/** Below this nobody should act on it: "I do not know" is the better answer. */
const leastScore = 0.22
/** No warning comes to this, unless what follows shows that it was the cause. */
const sureScore = 0.5
/** What comes to less than this share of the first is no better than another name of the first. */
const weakly = 0.6
const mostEvidence = 5
const mostOthers = 2

/** Who says what the engine itself saw. */
const engineName = 'plimsoll'

/**
 * Names the cause of a failure, with the lines that show it, masked, and what to do; or says that it does not know.
 * Reads every log to its end and keeps little of it. The same evidence gives the same diagnosis.
 * @throws what reading a log throws, and the reason of the signal.
 */
export async function diagnose(evidence: Evidence, signal?: AbortSignal): Promise<Diagnosis> {
  return await (await lookInto(evidence, new Effort(), signal)).tell()
}

export type Look = {
  readonly cause: CauseName | null
  /** A line or the engine names the cause: it is no guess, and no work that failed for reasons of its own. */
  readonly isSure: boolean
  /** Where no cause is named, reads the logs once more for what no green run said. @throws as `diagnose` does. */
  readonly tell: () => Promise<Diagnosis>
}

/** As `diagnose`, but not to the end where that takes too much: once the effort is over, what it says is of no use. */
export async function lookInto(evidence: Evidence, effort: Effort, signal?: AbortSignal): Promise<Look> {
  const { facts = {}, partial, unread } = evidence
  const fact = causeOfFacts(facts)
  // Of an exit code with a meaning its message says no more than the fact.
  const isTold = fact !== null && facts.error?.code === 'TASK_FAILED'
  const said: readonly Log[] =
    facts.error === undefined || isTold
      ? []
      : [{ name: engineName, chunks: [Buffer.from(facts.error.message)] }]
  const { logs: own, earlier = [] } = evidence
  const logs = await findInAll([...own, ...said], { effort, signal })
  const familiar = new FamiliarLines(earlier.length === 0 ? [] : linesIn(logs))
  await familiar.read(earlier, effort, signal)
  const isFamiliar = ({ whole }: Place): boolean => familiar.has(whole)
  const hasFailed = facts.error !== undefined || logs.some(saysFailed)
  const all = rankCauses(logs, { isFamiliar, hasFailed })
  const ranked = all.filter(({ score }) => score >= leastScore)
  const isFailure = fact === null && (hasFailed || (ranked.length === 0 && logs.some(endsInError)))
  const answers = answersOf(ranked, isFailure ? guessedCauses(logs, isFamiliar) : noGuesses)
  const ended = endingOf(facts) ?? (hasFailed ? 'It failed' : null)
  // Its own message is said as it is.
  const read = logs.slice(0, own.length)
  const named = conclude(answers, fact)
  const why = async (): Promise<Diagnosis> =>
    unknown(
      whyUnknown(read, { ranked: all, isFamiliar, ended, unseen: await newLines(own, earlier, signal) }),
    )
  return {
    cause: named?.cause ?? null,
    isSure:
      (fact !== null && fact.yieldsTo !== 'any line') || (ranked[0] !== undefined && isClear(ranked[0])),
    tell: async () => {
      const told = named ?? (await why())
      const diagnosis = unread === undefined ? told : withoutLog(told, unread, ended)
      return { ...diagnosis, ...(partial && { partial }) }
    },
  }
}

/** All that may be asked for; some marks have no text. */
function linesIn(logs: readonly LogFindings[]): readonly string[] {
  const places = logs.flatMap(({ findings, marks }) => [...findings, ...Object.values(marks).flat()])
  return places.map(({ whole }) => whole).filter((whole) => whole !== '')
}

/** Says that the log could not speak. */
const withoutLog = (diagnosis: Diagnosis, unread: string, ended: string | null): Diagnosis => ({
  ...diagnosis,
  ...(diagnosis.cause === null && {
    explanation: `${ended ?? 'It failed'}, and what could tell why cannot be read.`,
  }),
  evidence: [...diagnosis.evidence, engineLine(unread)],
})

type Answer = {
  readonly cause: CauseName
  readonly title: string
  readonly explanation: string
  readonly evidence: readonly LogLine[]
  readonly next: readonly string[]
}

/** The work that failed (`step`) may have failed for a reason that stands before it. */
const isClear = ({ findings: [best], score }: RankedCause): boolean =>
  best?.soft === false && score >= sureScore && saysWhy.has(best.rule.depth ?? 'root')
const saysWhy: ReadonlySet<Depth> = new Set<Depth>(['fact', 'root'])

const noGuesses: Guesses = { hinted: [], alike: () => [] }

/**
 * What rules name, the best guess, the other names that the first may go by, and more guesses. What only a warning tells
 * of is no better than a guess, and a likeness alone is not enough to name a cause.
 */
function answersOf(ranked: readonly RankedCause[], { hinted, alike }: Guesses): readonly Answer[] {
  const isSure = ({ findings, score }: RankedCause): boolean =>
    findings[0]?.soft === false || score >= sureScore
  const sure = ranked.filter(isSure)
  const soft = ranked.filter((cause) => !isSure(cause))
  const named = sure.length === 0 ? [...hinted, ...soft] : [...sure, ...soft]
  if (named.length === 0) return []
  const hints = hinted.map(answerOf)
  const isWeak = ({ score }: RankedCause): boolean => score < weakly * (named[0]?.score ?? 0)
  const all = onceEach([
    ...named.filter((cause) => !isWeak(cause)).map(answerOf),
    ...hints.slice(0, 1),
    ...readOtherwise(named),
    ...named.filter(isWeak).map(answerOf),
    ...hints.slice(1),
  ])
  return all.length > mostOthers ? all : onceEach([...all, ...alike().map(answerOf)])
}

const onceEach = (all: readonly Answer[]): readonly Answer[] =>
  all.filter(({ cause }, index) => all.findIndex((other) => other.cause === cause) === index)

function conclude(
  answers: readonly Answer[],
  fact: FactCause | null,
): (Diagnosis & Pick<Answer, 'cause'>) | null {
  const [first, ...others] = fact === null ? answers : withFact(answers, fact)
  if (first === undefined) return null
  return {
    ...first,
    others: others
      .slice(0, mostOthers)
      .map(({ cause, title, evidence }) => ({ cause, title, evidence: evidence.slice(0, 1) })),
  }
}

/** The evidence of the first cause under the other names that it may go by. */
function readOtherwise(ranked: readonly RankedCause[]): readonly Answer[] {
  const [best] = ranked[0]?.findings ?? []
  if (best === undefined) return []
  return otherReadings(best).map((name) => factAnswer(name, causes[name].means, shown([best])))
}

/** A fact goes first, with what the log has to say of the same, unless the log names what it yields to. */
function withFact(answers: readonly Answer[], fact: FactCause): readonly Answer[] {
  const { cause, says, text } = fact
  const told = answers.filter((answer) => answer.cause !== cause || !isOfEngine(answer))
  const same = told.find((answer) => answer.cause === cause)
  if (goesBefore(told[0]?.cause, fact))
    return same ? told : [...told, factAnswer(cause, says, [engineLine(text)])]
  // What the engine said is read like a log, too.
  const seen = engineLine(text)
  const isShown = ({ log, text: line }: LogLine): boolean => log === engineName && seen.text.includes(line)
  const witnesses = (same?.evidence ?? []).filter((line) => !isShown(line))
  const evidence = [seen, ...witnesses].slice(0, mostEvidence)
  // The signal by which the engine ended it is told of in the log, too.
  const others = told.filter((answer) => answer !== same && answer.cause !== 'cancelled')
  return [factAnswer(cause, says, evidence), ...others]
}

const isOfEngine = ({ evidence }: Answer): boolean => evidence.every(({ log }) => log === engineName)

const engineLine = (text: string): LogLine => ({ log: engineName, line: null, text: masked(text) })

function factAnswer(cause: CauseName, explanation: string, evidence: readonly LogLine[]): Answer {
  const { title, next } = causes[cause]
  return { cause, title, explanation, evidence, next }
}

function answerOf({ cause, findings }: RankedCause): Answer {
  const entry: Cause = causes[cause]
  const [best] = findings
  const holes = best === undefined ? {} : holesIn(redactor.text(best.whole), best.phrase)
  const explanation = best?.rule.says === undefined ? entry.means : filled(best.rule.says, holes)
  const next = (best?.rule.next ?? entry.next).map((step) => filled(step, holes))
  return { cause, title: entry.title, explanation, evidence: shown(findings), next }
}

/** The best lines, each text once. */
function shown(places: readonly Place[]): readonly LogLine[] {
  const lines = new Map<string, LogLine>()
  for (const { log, line, whole, phrase } of places) {
    const isKnown = log.isNumbered !== false && log.name !== engineName
    if (lines.size >= mostEvidence) break
    const text = masked(whole, phrase)
    if (!lines.has(text)) lines.set(text, { log: redactor.text(log.name), line: isKnown ? line : null, text })
  }
  return [...lines.values()]
}

/** Nobody named secrets here: what looks like one is masked. */
const redactor = createRedactor([])
const masked = (text: string, phrase?: Phrase): string => excerptOf(redactor.text(text), phrase)

function endingOf({ error, exitCode }: EngineFacts): string | null {
  if (error && !error.message.includes('exit code')) return `It failed (${masked(error.message)})`
  if (exitCode) return `It ended with exit code ${exitCode}`
  return error ? `It failed (${masked(error.message)})` : null
}

const unknown = ({ explanation, places }: Unknown): Diagnosis => ({
  cause: null,
  title: 'I do not know',
  explanation,
  evidence: shown(places.toReversed()).toReversed(),
  next: [],
  others: [],
})
