/** The same test of the metrics on SQLite and on a real PostgreSQL server. */
import { type MetricsOptions, MetricsRepository, type Sample } from '../../src/metrics/metrics.ts'
import type { Store } from '../../src/store/store.ts'
import { onBothStores } from '../store/both-stores.ts'

export type Opened = {
  readonly metrics: MetricsRepository
  readonly store: Store
  /** Another one of the same database. */
  readonly again: (options?: MetricsOptions) => Promise<MetricsRepository>
}

/** Memory is calm whatever the machine does. */
export const calm = { read: () => ({ level: 'calm' as const }) }

export function onBothRepositories(
  title: string,
  body: (opened: Opened) => Promise<void>,
  given: MetricsOptions = {},
): void {
  onBothStores(title, async (openEmpty) => {
    await using store = await openEmpty()
    const again = (options: MetricsOptions = {}): Promise<MetricsRepository> =>
      MetricsRepository.open({ store }, { memory: calm, ...given, ...options })
    await using metrics = await again()
    await body({ metrics, store, again })
  })
}

export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = []
  for await (const item of items) found.push(item)
  return found
}

/** Whatever the order of the series, which is that of their ids. */
export const sorted = (samples: readonly Sample[]): readonly string[] =>
  samples.map((sample) => textOf(sample)).sort()

const textOf = ({ name, labels, timestampMs, value }: Sample): string => {
  const shown = typeof value === 'bigint' ? `${value}n` : Object.is(value, -0) ? '-0' : String(value)
  return `${name} ${JSON.stringify(Object.entries(labels).sort())} ${String(timestampMs).padStart(16, '0')} ${shown}`
}
