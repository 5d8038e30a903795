import { PlimsollError } from '../errors.ts'
import { changeMetrics } from './with-metrics.ts'
import type { Call } from './words.ts'

export async function pruneMetrics(call: Call): Promise<number> {
  const text = call.text('retention-days')
  if (text === undefined || !/^\d{1,6}(?:\.\d{1,3})?$/.test(text))
    throw new PlimsollError(
      'USAGE',
      text === undefined
        ? 'metrics prune needs --retention-days: how many days are kept'
        : `--retention-days is ${JSON.stringify(text)}, expected a number of days such as 30 or 0.5`,
    )
  const { samples, series } = await changeMetrics(call, (metrics) =>
    metrics.cleanupOldMetrics({ retentionDays: Number(text) }),
  )
  process.stdout.write(
    call.flag('json')
      ? `${JSON.stringify({ type: 'pruned', samples, series })}\n`
      : `${samples} samples deleted, and ${series} series that have none left\n`,
  )
  return 0
}
