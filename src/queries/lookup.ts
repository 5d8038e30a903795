/** A query by its id: from memory where that is still true, else from the store. */
import { PlimsollError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import type { QueryCache } from './cache.ts'
import { readIds, readQuery } from './rows.ts'
import type { Query } from './words.ts'

export async function lookUp(store: Store, cache: QueryCache, id: string): Promise<Query | null> {
  const cached = cache.get(id)
  if (cached !== null && cached.endedAtMs !== null) return cached
  // What is open may have been changed by another process since: its status is looked up.
  if (cached !== null && (await isStill(store, cached))) return cached
  const stored = await readQuery(store, id)
  if (stored === null) cache.forget(id)
  else cache.keep(stored)
  return stored
}

/** @throws QUERY_UNKNOWN when none begins like this, or more than one does. */
export async function lookUpByPrefix(store: Store, cache: QueryCache, prefix: string): Promise<Query> {
  const [id, other] = await readIds(store, prefix)
  const query =
    id === undefined || (other !== undefined && id !== prefix) ? null : await lookUp(store, cache, id)
  if (query !== null) return query
  const found = other === undefined ? 'no query begins' : 'more than one query begins'
  throw new PlimsollError('QUERY_UNKNOWN', `${found} with ${JSON.stringify(prefix)}`)
}

async function isStill(store: Store, { id, status }: Query): Promise<boolean> {
  const [now] = await store.read<{ readonly status: string }>('select status from queries where id = ?1', [
    id,
  ])
  return now?.status === status
}
