/** What a repository of metrics may be told, when it is opened and when it records. */
import type { Clock } from '../clock.ts'
import type { PlimsollError } from '../errors.ts'
import { namesIn } from '../option-names.ts'
import type { SeriesLimits } from './known-series.ts'
import type { MemoryReader } from './pressure.ts'
import type { Durability, Labels } from './words.ts'

export type MetricsOptions = Partial<SeriesLimits> & {
  /** Of writes that do not say it themselves. Default `full`. */
  readonly durability?: Durability
  /** What shrinks chunks when memory is short. Default: this machine and every control group around us. */
  readonly memory?: MemoryReader
  /** Told what is no failure: STATE_LOG_HELD. It must not throw. Default: a warning of the process. */
  readonly onWarning?: (warning: PlimsollError) => void
  readonly clock?: Clock
}

export const optionNames = namesIn<MetricsOptions>({
  maxSeries: true,
  maxSeriesPerName: true,
  durability: true,
  memory: true,
  onWarning: true,
  clock: true,
})

export type RecordOptions = {
  readonly labels?: Labels
  /** Default now. */
  readonly timestampMs?: number
  readonly durability?: Durability
}

const usualLimits: SeriesLimits = { maxSeries: 1_000_000, maxSeriesPerName: 100_000 }

export const limitsOf = ({
  maxSeries = usualLimits.maxSeries,
  maxSeriesPerName = usualLimits.maxSeriesPerName,
}: MetricsOptions): SeriesLimits => ({ maxSeries, maxSeriesPerName })
