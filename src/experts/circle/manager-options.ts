/** What a circle of experts may be told, and what is handed over to it in numbers. */
import { type Clock, systemClock } from '../../clock.ts'
import { defaultOptions } from '../../default-options.ts'
import { PlimsollError } from '../../errors.ts'
import { checkNames, namesIn } from '../../option-names.ts'
import type { ExpertSource } from '../../plan/plan.ts'
import { streamBytes } from './ask-model.ts'
import type { PressureGauge } from './calm.ts'
import type { Consultation, ConsultOptions, ExpertAnswer, Question } from './words.ts'

const mebibyte = 1024 ** 2
const largest = 1_000_000

export type ExpertManagerOptions = {
  /** The models; `readCircle` reads them from files. The offline expert is always there. */
  readonly experts?: readonly ExpertSource[]
  /** Questions at once, over all callers. Default 5. */
  readonly maxConcurrentQueries?: number
  /** For all answers that are on their way, in MiB; at least 4, for each of them takes 4. Default 512. */
  readonly memoryBudgetMb?: number
  /** Whether `stream` and `onEvent` tell of the text while it comes. Default true. */
  readonly enableStreaming?: boolean
  /** Of this manager, in US dollars. Default: no limit. */
  readonly spendingLimitUsd?: number
  /** Questions that wait for their turn; more are refused. Default 10,000. */
  readonly maxWaitingQueries?: number
  /** Values that must leave the process nowhere. What looks like a secret is masked anyway. */
  readonly secrets?: Iterable<string>
  /** Where keys are looked up. Default `process.env`. */
  readonly variables?: NodeJS.ProcessEnv
  /** Says when memory is short. Default: the machine and the control groups around us at 85 %. */
  readonly memory?: PressureGauge
  /** Where long answers are written until the manager is disposed of. Default: a folder of its own for temporary files. */
  readonly spillDir?: string
  /** Told of each answer of a model with its tokens and its cost, also of one that was cut. It must not throw. */
  readonly onAnswer?: (answer: ExpertAnswer) => void
  readonly clock?: Clock
}

const optionNames = namesIn<ExpertManagerOptions>({
  experts: true,
  maxConcurrentQueries: true,
  memoryBudgetMb: true,
  enableStreaming: true,
  spendingLimitUsd: true,
  maxWaitingQueries: true,
  secrets: true,
  variables: true,
  memory: true,
  spillDir: true,
  onAnswer: true,
  clock: true,
})

/** What counts of the options, checked. @throws OPTION_INVALID */
export function settingsOf(options: ExpertManagerOptions) {
  checkNames('ExpertManager', options, optionNames)
  const { experts: defaults } = defaultOptions
  const { maxConcurrentQueries, memoryBudgetMb, enableStreaming } = { ...defaults, ...options }
  const { experts = [], variables = process.env, clock = systemClock } = options
  return {
    ...{ experts, variables, clock, enableStreaming, secrets: options.secrets ?? [] },
    maxWaitingQueries: wholeOf('maxWaitingQueries', options.maxWaitingQueries ?? 10_000, 0),
    memoryBudgetMb: wholeOf('memoryBudgetMb', memoryBudgetMb, streamBytes / mebibyte),
    maxConcurrentQueries: wholeOf('maxConcurrentQueries', maxConcurrentQueries, 1),
    spendingLimitUsd: options.spendingLimitUsd ?? null,
  }
}

function wholeOf(option: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least && value <= largest) return value
  throw new PlimsollError(
    'OPTION_INVALID',
    `${option} is ${value}, expected a whole number from ${least} to ${largest}`,
  )
}

export type BatchQuestion = { readonly question: Question; readonly options?: Omit<ConsultOptions, 'signal'> }
export type BatchConsultation =
  | { readonly ok: true; readonly question: Question; readonly consultation: Consultation }
  | { readonly ok: false; readonly question: Question; readonly error: unknown }
