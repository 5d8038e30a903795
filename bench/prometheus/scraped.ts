/** A server of ours that the real Prometheus scrapes, and whether it has got what is served. */
import { MetricsServer, type Sample } from '../../src/metrics/metrics.ts'
import type { Scraped } from './server.ts'

/** Names and values that a text format may lose. */
const odd: readonly Sample[] = [
  { value: 1, labels: { text: 'a "quoted" \\ back\\nslash,\nline }' } },
  { value: 2, labels: { text: 'ünï 🚢', le: '0.5' } },
  { value: 5e-324, labels: {} },
  { value: Number.NEGATIVE_INFINITY, labels: { text: 'least' } },
  { value: Number.NaN, labels: { text: 'none' } },
  { value: 2n ** 53n, labels: { text: 'counter' } },
].map((one) => ({ name: 'odd_values', timestampMs: 1, ...one }))

export async function serveForScrape(
  samples: readonly Sample[],
): Promise<{ readonly server: MetricsServer; readonly served: readonly Sample[] }> {
  const served = [...samples, ...odd]
  const server = await MetricsServer.open({
    latest: async function* () {
      yield* served
    },
    port: 0,
  })
  return { server, served }
}

/** How many of the samples Prometheus has not, or with another value. */
export function missedBy(scraped: readonly Scraped[], served: readonly Sample[]): number {
  const keyOf = (name: string, labels: Readonly<Record<string, string>>): string =>
    JSON.stringify([name, Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1))])
  const values = new Map(
    scraped.map(({ metric: { __name__ = '', job, instance, ...labels }, value }) => [
      keyOf(__name__, labels),
      Number(value[1].replace('Inf', 'Infinity')),
    ]),
  )
  return served.filter(
    ({ name, labels, value }) => !Object.is(values.get(keyOf(name, labels)), Number(value)),
  ).length
}
