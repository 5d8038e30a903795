import { PlimsollError } from '../../errors.ts'
import type { ExpertSource } from '../../plan/plan.ts'

type Price = ExpertSource['price']
export type Tokens = { readonly inputTokens: number; readonly outputTokens: number }

const million = 1_000_000
/** Where the server does not say: characters of English and code for a token. */
const charactersPerToken = 4

export const tokensOf = (characters: number): number => Math.ceil(characters / charactersPerToken)

export function costOf({ inputTokens, outputTokens }: Tokens, price: Price): number | null {
  return price === null ? null : (inputTokens * price.inputUsd + outputTokens * price.outputUsd) / million
}

/** What was spent, and what calls on their way may still cost at most: together never above the limit. */
export class Purse {
  /** Null: no limit. */
  readonly limitUsd: number | null
  #spentUsd = 0
  #setAsideUsd = 0

  constructor(limitUsd: number | null) {
    this.limitUsd = limitUsd
  }

  get spentUsd(): number {
    return this.#spentUsd
  }

  /** @throws EXPERT_SPENDING_LIMIT before anything is sent */
  setAside(expert: string, most: Tokens, price: Price): { settle(costUsd: number | null): void } {
    const mostUsd = costOf(most, price)
    if (this.limitUsd !== null && mostUsd === null)
      throw new PlimsollError(
        'EXPERT_SPENDING_LIMIT',
        `there is a spending limit, and what ${expert} costs is not known: write its "price"`,
      )
    const set = mostUsd ?? 0
    const needed = this.#spentUsd + this.#setAsideUsd + set
    if (this.limitUsd !== null && needed > this.limitUsd)
      throw new PlimsollError(
        'EXPERT_SPENDING_LIMIT',
        `to ask ${expert} may cost ${dollars(set)}; with ${dollars(this.#spentUsd + this.#setAsideUsd)} spent or set aside that is above the limit of ${dollars(this.limitUsd)}`,
      )
    this.#setAsideUsd += set
    let isOpen = true
    return {
      settle: (costUsd) => {
        if (!isOpen) return
        isOpen = false
        this.#setAsideUsd -= set
        this.#spentUsd += costUsd ?? 0
      },
    }
  }
}

const dollars = (usd: number): string => `$${usd.toFixed(usd < 0.1 ? 4 : 2)}`
