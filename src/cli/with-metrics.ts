import { systemClock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import { actorHere, openJournal } from '../journal/journal.ts'
import { MetricsRepository, parseMatcher, type SampleQuery } from '../metrics/metrics.ts'
import { nearestName } from '../nearest.ts'
import { plainText } from '../report/report.ts'
import { namePlace, openStore, openStoreForReading, type Store } from '../store/store.ts'
import { durationForms, parseDuration } from '../units.ts'
import { typedCommand } from './typed.ts'
import { placeOf } from './with-journal.ts'
import type { Call } from './words.ts'

type Use<Result> = (metrics: MetricsRepository, store: Store) => Promise<Result>

/** Reads what is recorded; makes nothing. @throws METRIC_UNKNOWN when nothing is */
export async function readMetrics<Result>(call: Call, read: Use<Result>): Promise<Result> {
  const place = placeOf(call)
  await using store = await openStoreForReading(place)
  if (store === null)
    throw new PlimsollError('METRIC_UNKNOWN', `nothing has been recorded in ${namePlace(place)}`, {
      fix: 'Name the directory of the record with --state DIR or its database with --database URL',
    })
  await using metrics = await MetricsRepository.open({ store })
  return await read(metrics, store)
}

export async function changeMetrics<Result>(call: Call, change: Use<Result>): Promise<Result> {
  await using store = await openStore(placeOf(call))
  const onWarning = ({ code, message, fix }: PlimsollError): void =>
    void process.stderr.write(`warning ${code}: ${plainText(message)}\nfix: ${plainText(fix)}\n`)
  await using metrics = await MetricsRepository.open({ store }, { onWarning })
  return await change(metrics, store)
}

/** In the audit; what was asked for is in the command there. */
export const noteMetrics = (
  store: Store,
  action: 'metrics-import' | 'metrics-prune',
  detail: string,
): Promise<void> =>
  openJournal(store).note({
    ...{ atMs: systemClock.now(), action, detail },
    by: actorHere(process.env, typedCommand(process.argv.slice(2))),
  })

/** What of the call chooses series and times. @throws USAGE, METRIC_QUERY_INVALID */
export function queryOf(call: Call): SampleQuery {
  const name = call.positionals[1]
  const from = call.text('from')
  const to = call.text('to')
  return {
    ...(name !== undefined && { name }),
    matchers: call.texts('match').map(parseMatcher),
    ...(from !== undefined && { fromMs: timeOf('--from', from) }),
    ...(to !== undefined && { toMs: timeOf('--to', to) }),
  }
}

/** `2h` is two hours before now. @throws USAGE */
function timeOf(option: string, text: string): number {
  const agoMs = parseDuration(text)
  if (agoMs !== undefined) return systemClock.now() - agoMs
  const timeMs = /^\d{11,16}$/.test(text)
    ? Number(text)
    : /^\d{4}-\d\d-\d\d/.test(text)
      ? Date.parse(text)
      : NaN
  if (!Number.isNaN(timeMs)) return timeMs
  throw new PlimsollError(
    'USAGE',
    `${option} is ${JSON.stringify(text)}; expected ${durationForms}, which counts back from now, or a time such as 2026-11-28 or 2026-11-28T10:00:00Z`,
  )
}

/** Where nothing was found of what was chosen. @throws METRIC_UNKNOWN when there is no metric of that name */
export async function refuseUnknown(metrics: MetricsRepository, name: string | undefined): Promise<void> {
  if (name === undefined) return
  const names = await metrics.getMetricNames(name)
  // Or was recorded, and all of it is put together.
  if (!names.includes(name) && !names.includes(`${name}:count`)) throw await unknownMetric(metrics, name)
}

/** Of a name that is not recorded, with the nearest that is. */
export async function unknownMetric(metrics: MetricsRepository, name: string): Promise<PlimsollError> {
  const nearest = nearestName(name, await metrics.getMetricNames())
  return new PlimsollError(
    'METRIC_UNKNOWN',
    `no metric ${JSON.stringify(name)} is recorded${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`,
  )
}
