/**
 * What several experts say together: counted over causes that are words of one list, and over lines that exist. How sure
 * somebody says to be counts nothing. Models of one maker err alike, so they share one vote; that the makers' models err
 * alike as well is not known here, and the number of votes is therefore the most that it can be.
 */
import type { CauseName } from '../causes.ts'
import type { CitedLine, Claim, Consensus, ConsensusStatus, Dissent } from './words.ts'

export type Voter = { readonly expert: string; readonly maker: string; readonly claim: Claim }

const mostEvidence = 8
const mostNext = 8
/** Sums of thirds are not exact. */
const hair = 1e-9

export function consensusOf(voters: readonly Voter[]): Consensus {
  const supported = voters.filter(({ claim }) => claim.cause !== null && !claim.isUnsupported)
  const shares = sharesOf(supported)
  const camps = campsOf(supported, shares)
  const effectiveVotes = rounded([...shares.values()].reduce((sum, share) => sum + share, 0))
  const [first, ...others] = camps
  const status = statusOf(camps, effectiveVotes)
  const isFound = first !== undefined && status !== 'split'
  const agreeing = isFound ? first.experts : []
  return {
    status,
    cause: isFound ? first.cause : null,
    agreeing,
    dissent: isFound ? others : camps,
    undecided: namesOf(voters.filter(({ claim }) => claim.cause === null)),
    unsupported: namesOf(voters.filter(({ claim }) => claim.isUnsupported)),
    effectiveVotes,
    votesForCause: isFound ? first.votes : 0,
    evidence: evidenceOf(supported.filter(({ expert }) => agreeing.includes(expert))),
    next: nextOf(supported.filter(({ expert }) => agreeing.includes(expert))),
  }
}

/** The most that agree, in independent votes. */
export const votesOfLeader = (voters: readonly Voter[]): number => consensusOf(voters).votesForCause

const namesOf = (voters: readonly Voter[]): readonly string[] => voters.map(({ expert }) => expert)

function sharesOf(voters: readonly Voter[]): ReadonlyMap<Voter, number> {
  const ofMaker = Map.groupBy(voters, ({ maker }) => maker)
  return new Map(voters.map((voter) => [voter, 1 / (ofMaker.get(voter.maker)?.length ?? 1)]))
}

/** Those with most votes first; of equal ones in the order of their names, so that the same answers give the same result. */
function campsOf(voters: readonly Voter[], shares: ReadonlyMap<Voter, number>): readonly Dissent[] {
  const camps = [...Map.groupBy(voters, ({ claim }) => claim.cause)].flatMap(([cause, camp]) => {
    const votes = rounded(camp.reduce((sum, voter) => sum + (shares.get(voter) ?? 0), 0))
    return cause === null ? [] : [{ cause: cause as CauseName, experts: namesOf(camp), votes }]
  })
  return camps.toSorted((a, b) => b.votes - a.votes || (a.cause < b.cause ? -1 : 1))
}

function statusOf(camps: readonly Dissent[], votes: number): ConsensusStatus {
  const [first, second] = camps
  if (first === undefined) return 'none'
  if (second !== undefined) return first.votes > votes / 2 + hair ? 'majority' : 'split'
  return votes >= 2 - hair ? 'agreed' : 'single'
}

const rounded = (votes: number): number => Math.round(votes * 100) / 100

function evidenceOf(voters: readonly Voter[]): Consensus['evidence'] {
  const lines = new Map<string, CitedLine & { readonly experts: string[] }>()
  for (const { expert, claim } of voters) {
    for (const line of claim.evidence.filter(({ supported }) => supported)) {
      const key = `${line.line}:${line.log}:${line.text}`
      const known = lines.get(key)
      if (known === undefined) lines.set(key, { ...line, experts: [expert] })
      else if (!known.experts.includes(expert)) known.experts.push(expert)
    }
  }
  return [...lines.values()].toSorted((a, b) => b.experts.length - a.experts.length).slice(0, mostEvidence)
}

const nextOf = (voters: readonly Voter[]): readonly string[] =>
  [...new Set(voters.flatMap(({ claim }) => claim.next))].slice(0, mostNext)

const makers: readonly (readonly [RegExp, string])[] = [
  [/claude/i, 'anthropic'],
  [/\bgpt|\bo\d\b|chatgpt|codex/i, 'openai'],
  [/gemini|gemma/i, 'google'],
  [/deepseek/i, 'deepseek'],
  [/llama/i, 'meta'],
  [/mi[sx]tral|codestral|devstral|magistral/i, 'mistral'],
  [/qwen|qwq/i, 'alibaba'],
  [/grok/i, 'xai'],
  [/\bphi\b|phi-?\d/i, 'microsoft'],
  [/\bkimi|moonshot/i, 'moonshot'],
  [/\bglm/i, 'zhipu'],
]

/** Who made a model, whoever serves it; the model itself where that is not known. */
export const makerOf = (model: string): string => makers.find(([name]) => name.test(model))?.[1] ?? model
