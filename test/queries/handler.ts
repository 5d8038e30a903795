/** A handler on an empty store of both kinds. */
import { QueryHandler, type QueryHandlerOptions } from '../../src/queries/queries.ts'
import type { Store } from '../../src/store/store.ts'
import { FakeClock } from '../fake-clock.ts'
import { onBothStores } from '../store/both-stores.ts'

type Parts = {
  readonly store: Store
  readonly clock: FakeClock
  /** Another handler on the same store, closed at the end. */
  readonly handler: (options?: Partial<QueryHandlerOptions>) => QueryHandler
}

export function withQueries(
  title: string,
  body: (queries: QueryHandler, parts: Parts) => Promise<void>,
): void {
  onBothStores(title, async (openEmpty) => {
    await using store = await openEmpty()
    const clock = new FakeClock()
    await using opened = new AsyncDisposableStack()
    const handler = (options: Partial<QueryHandlerOptions> = {}): QueryHandler =>
      opened.use(new QueryHandler({ store, clock, ...options }))
    await body(handler(), { store, clock, handler })
  })
}

export const listed = async <Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> => {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}
