/**
 * Sees who holds a lock without asking the lock: each holder appends a line with its fence number to one file as it works,
 * and writes the same into the audit, fenced. Times are of the machine's one monotonic clock.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { type Lease, openJournal } from '../../src/journal/journal.ts'
import type { Store } from '../../src/store/store.ts'

const actor = {
  user: 'bench',
  sudoUser: null,
  host: 'bench',
  ci: null,
  actor: null,
  terminal: false,
} as const

export type Work = { readonly store: Store; readonly lease: Lease; readonly witness: string }

/**
 * One piece of work of a holder. The moment is read before the question whether it is still held: whoever is stopped in
 * between is then not taken for one that holds it now.
 * @returns whether it held the lock. @throws LOCK_LOST when the store refuses what it writes; that is tried in any case.
 */
export async function workOnce({ store, lease, witness }: Work): Promise<boolean> {
  const { plan, environment, number } = lease.fence
  const atUs = process.hrtime.bigint() / 1_000n
  const { isHeld } = lease
  if (isHeld) appendFileSync(witness, `${atUs} ${environment} ${number} ${process.pid}\n`)
  await openJournal(store, lease).note({
    ...{ atMs: Date.now(), action: 'approve', plan, environment, detail: String(number) },
    by: { ...actor, release: '', command: null },
  })
  return isHeld
}

type Sighting = {
  readonly atUs: number
  readonly environment: string
  readonly fence: number
  readonly pid: string
}

export type Seen = {
  /** Sightings of a holder after one with a higher number had begun. */
  readonly doubleHolders: number
  /** Numbers that two processes had. */
  readonly sharedFences: number
  /** Fenced writes that were recorded after one with a higher number. */
  readonly lateWrites: number
  readonly takings: number
  readonly sightings: number
}

export async function whatWasSeen(witness: string, store: Store): Promise<Seen> {
  const text = existsSync(witness) ? readFileSync(witness, 'utf8') : ''
  const sightings = text.trimEnd().split('\n').filter(Boolean).map(sightingOf)
  const owners = new Map(sightings.map(({ environment, fence, pid }) => [`${environment} ${fence}`, pid]))
  const shared = sightings.filter(
    ({ environment, fence, pid }) => owners.get(`${environment} ${fence}`) !== pid,
  )
  const written = await store.read<{ environment: string; detail: string }>(
    'select environment, detail from audit order by seq limit 1000000',
  )
  return {
    doubleHolders: goneBack(sightings.toSorted((left, right) => left.atUs - right.atUs)),
    sharedFences: shared.length,
    lateWrites: goneBack(written.map(({ environment, detail }) => ({ environment, fence: Number(detail) }))),
    takings: owners.size,
    sightings: sightings.length,
  }
}

function sightingOf(line: string): Sighting {
  const [atUs = '', environment = '', fence = '', pid = ''] = line.split(' ')
  return { atUs: Number(atUs), environment, fence: Number(fence), pid }
}

/** How many come after a higher number of the same lock. */
function goneBack(all: readonly Pick<Sighting, 'environment' | 'fence'>[]): number {
  const highest = new Map<string, number>()
  let count = 0
  for (const { environment, fence } of all) {
    const before = highest.get(environment) ?? 0
    if (fence < before) count += 1
    else highest.set(environment, fence)
  }
  return count
}
