/** Answers of several experts in one terminal: whole lines, each with the name of who says it, in the order in which they come. */
import type { Consultation, ExpertAnswer, ExpertEvent } from '../experts/experts.ts'
import { plainLine, type Style } from '../report/report.ts'

type Write = (text: string) => Promise<void>

/** A line that has no end is shown in parts of this length, in UTF-16 units. */
const longestLine = 4_096

export class AnswersView {
  readonly #write: Write
  readonly #style: Style
  readonly #showsText: boolean
  /** By expert, what of its last line has come; at most `longestLine` each. */
  readonly #begun = new Map<string, string>()

  constructor(write: Write, style: Style, showsText: boolean) {
    this.#write = write
    this.#style = style
    this.#showsText = showsText
  }

  async tell(event: ExpertEvent): Promise<void> {
    switch (event.type) {
      case 'waiting':
        return this.#note(event.reason === 'turn' ? 'waiting for its turn' : 'waiting for memory')
      case 'asked':
        return this.#note(`asking ${event.expert}${event.model === null ? '' : ` (${event.model})`}`)
      case 'asked-again':
        this.#begun.delete(event.expert)
        return this.#note(`asking ${event.expert} again, what it said so far does not count: ${event.why}`)
      case 'text':
        return this.#showsText ? this.#text(event.expert, event.text) : undefined
      case 'answered':
        await this.#rest(event.answer.expert)
        await this.#note(endLine(event.answer))
        return this.#explanation(event.answer)
      case 'consulted':
        return this.#consultation(event.consultation)
      default:
        return event satisfies never
    }
  }

  async #explanation({ expert, claim }: ExpertAnswer): Promise<void> {
    if (claim !== null) await this.#line(expert, claim.explanation)
  }

  #note(text: string): Promise<void> {
    return this.#write(`${this.#style.dim(plainLine(text))}\n`)
  }

  async #text(expert: string, text: string): Promise<void> {
    const lines = `${this.#begun.get(expert) ?? ''}${text}`.split('\n')
    let rest = lines.pop() ?? ''
    for (; rest.length > longestLine; rest = rest.slice(longestLine)) lines.push(rest.slice(0, longestLine))
    this.#begun.set(expert, rest)
    for (const line of lines) await this.#line(expert, line)
  }

  async #rest(expert: string): Promise<void> {
    const rest = this.#begun.get(expert) ?? ''
    this.#begun.delete(expert)
    if (rest !== '') await this.#line(expert, rest)
  }

  #line(expert: string, line: string): Promise<void> {
    return this.#write(`${this.#style.bold(plainLine(expert))} ${this.#style.dim('|')} ${plainLine(line)}\n`)
  }

  async #consultation({ consensus, error }: Consultation): Promise<void> {
    const style = this.#style
    if (consensus !== null) {
      const { cause, status, agreeing, dissent, effectiveVotes, votesForCause, evidence, next } = consensus
      const votes = `${votesForCause} of ${effectiveVotes} independent votes`
      const head =
        cause === null ? `no agreement (${status})` : `${cause} (${status}, ${votes}: ${agreeing.join(', ')})`
      const lines = [
        `together: ${style.bold(plainLine(head))}`,
        ...evidence.map(
          ({ log, line, text, experts }) =>
            `  ${style.dim('|')} ${plainLine(`${log}${line === null ? '' : `:${line}`}: ${text}`)} ${style.dim(plainLine(`(${experts.join(', ')})`))}`,
        ),
        ...next.map((step) => `  ${style.green('>')} ${plainLine(step)}`),
        ...dissent.map(
          ({ cause: other, experts }) => `  ${plainLine(`${experts.join(', ')} dissent: ${other}`)}`,
        ),
        ...named('do not know', consensus.undecided),
        ...named('cite no line that exists and do not count', consensus.unsupported),
      ]
      await this.#write(`${lines.join('\n')}\n`)
    }
    if (error !== null) await this.#write(`${plainLine(error.message)}\n`)
  }
}

const named = (what: string, experts: readonly string[]): readonly string[] =>
  experts.length === 0 ? [] : [`  ${plainLine(`${experts.join(', ')} ${what}`)}`]

function endLine({ expert, status, claim, usage, durationMs, error, spilled }: ExpertAnswer): string {
  const { inputTokens, outputTokens, isEstimated, costUsd } = usage
  const about = isEstimated ? 'about ' : ''
  const tokens = inputTokens + outputTokens
  const cost = costUsd === null || costUsd === 0 ? '' : `, ${about}$${costUsd.toFixed(4)}`
  const paid = tokens === 0 ? '' : `, ${about}${tokens} tokens${cost}`
  const cause = claim === null ? '' : ` ${claim.cause ?? 'does not know'}`
  const file = spilled === null ? '' : `, all of its answer was ${spilled.bytes} bytes`
  return `${expert}: ${status}${cause} (${(durationMs / 1_000).toFixed(1)} s${paid}${file})${error === null ? '' : `: ${error.message}`}`
}
