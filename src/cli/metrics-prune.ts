import { PlimsollError } from '../errors.ts'
import type { DownsampleRule } from '../metrics/metrics.ts'
import { durationForms, parseDuration } from '../units.ts'
import { stopSignals } from './stop-signals.ts'
import { changeMetrics, noteMetrics } from './with-metrics.ts'
import type { Call } from './words.ts'

const dayMs = 86_400_000
/** Nothing is older: the most that may be asked for. */
const forEver = 1e8

export async function pruneMetrics(call: Call): Promise<number> {
  const downsample = call.texts('downsample').map(ruleOf)
  const retentionDays = daysOf(call.text('retention-days'), downsample.length > 0)
  using stop = stopSignals()
  const { signal } = stop
  const { samples, series, downsampled } = await changeMetrics(call, async (metrics, store) => {
    let isNoted = false
    try {
      const done = await metrics.cleanupOldMetrics({ retentionDays, downsample, signal })
      isNoted = true
      await noteMetrics(
        store,
        'metrics-prune',
        `${done.samples} samples deleted, ${done.downsampled} put together`,
      )
      // Who ends now leaves what was deleted in the file otherwise.
      await metrics.compact({ signal })
      return done
    } catch (cause) {
      if (stop.fault !== undefined || cause !== signal.reason) throw stop.fault ?? cause
      if (!isNoted)
        await noteMetrics(
          store,
          'metrics-prune',
          'interrupted; what was deleted or put together until then stays so',
        )
      throw new PlimsollError('INTERRUPTED', 'what was deleted or put together until now stays so', {
        cause,
        fix: 'Run it again for the rest',
      })
    }
  })
  const together = downsample.length > 0
  process.stdout.write(
    call.flag('json')
      ? `${JSON.stringify({ type: 'pruned', samples, series, ...(together && { downsampled }) })}\n`
      : `${samples} samples deleted, and ${series} series that have none left\n${together ? `${downsampled} samples put together\n` : ''}`,
  )
  return 0
}

function daysOf(text: string | undefined, isOptional: boolean): number {
  if (text === undefined && isOptional) return forEver
  if (text !== undefined && /^\d{1,6}(?:\.\d{1,3})?$/.test(text)) return Number(text)
  throw new PlimsollError(
    'USAGE',
    text === undefined
      ? 'metrics prune needs --retention-days, how many days are kept, or --downsample'
      : `--retention-days is ${JSON.stringify(text)}, expected a number of days such as 30 or 0.5`,
  )
}

/** `7d:5m`, or `NAME:7d:5m`; a name may have colons. */
function ruleOf(text: string): DownsampleRule {
  const [, name, age = '', step = ''] = /^(?:(.+):)?([^:]+):([^:]+)$/.exec(text) ?? []
  const [afterMs, stepMs] = [parseDuration(age), parseDuration(step)]
  if (afterMs === undefined || stepMs === undefined || stepMs <= 0)
    throw new PlimsollError(
      'USAGE',
      `--downsample is ${JSON.stringify(text)}, expected AGE:STEP or NAME:AGE:STEP such as 7d:5m, each ${durationForms}`,
    )
  return {
    afterDays: afterMs / dayMs,
    stepSeconds: stepMs / 1_000,
    ...(name !== undefined && { match: { name } }),
  }
}
