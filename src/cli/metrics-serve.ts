import { once } from 'node:events'
import { PlimsollError } from '../errors.ts'
import { expertMetrics } from '../experts/experts.ts'
import type { MetricsRepository, Sample } from '../metrics/metrics.ts'
import { MetricsServer } from '../metrics/metrics.ts'
import { engineMetrics } from '../run/run.ts'
import { sayError } from './say-error.ts'
import { stopSignals } from './stop-signals.ts'
import { readMetrics } from './with-metrics.ts'
import type { Call } from './words.ts'

/** Until Ctrl-C, which is a success. */
export const serveMetrics = (call: Call): Promise<number> =>
  readMetrics(call, async (metrics) => {
    using stop = stopSignals()
    const host = call.text('host')
    const port = call.text('port')
    await using server = await MetricsServer.open({
      latest: () => latestOf(metrics),
      timestamps: call.flag('timestamps'),
      meaningOf: (name) => (isOurs(name) ? ours[name] : undefined),
      ...(host !== undefined && { host }),
      ...(port !== undefined && { port: portOf(port) }),
      onError: (error) => void sayError(error, { json: false, debug: call.flag('debug') }),
    })
    process.stdout.write(
      call.flag('json')
        ? `${JSON.stringify({ type: 'serving', url: server.url })}\n`
        : `serving ${server.url} until Ctrl-C\n`,
    )
    if (!stop.signal.aborted) await once(stop.signal, 'abort')
    if (stop.fault) throw stop.fault
    return 0
  })

const ours = { ...engineMetrics, ...expertMetrics }
const isOurs = (name: string): name is keyof typeof ours => Object.hasOwn(ours, name)

/** Those of one name together. */
async function* latestOf(metrics: MetricsRepository): AsyncIterable<Sample> {
  for (const name of await metrics.getMetricNames()) yield* metrics.streamLatest({ name })
}

function portOf(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new PlimsollError('USAGE', `--port is ${JSON.stringify(text)}, expected 0 to 65535`)
}
