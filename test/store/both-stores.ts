/** The same test on SQLite and on a real PostgreSQL server. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openStore, type Store } from '../../src/store/store.ts'
import { serverOfFile } from './postgres-server.ts'

const serverHere = serverOfFile()

type OpenEmpty = (place?: string) => Promise<Store>
type Kind = 'SQLite' | 'PostgreSQL'

/** `openEmpty` opens a new, empty store, the one of a place that was named again; the test closes it. */
export function onBothStores(title: string, body: (openEmpty: OpenEmpty, kind: Kind) => Promise<void>): void {
  test(`SQLite: ${title}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-store-'))
    try {
      await body((place = randomUUID()) => openStore({ stateDir: join(folder, place) }), 'SQLite')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
  test(`PostgreSQL: ${title}`, async () => {
    const server = await serverHere()
    // The databases of one file are on one server: a place is of one test.
    const prefix = randomUUID().slice(0, 8)
    const urlOf = (place: string): Promise<string> => server.database(`${prefix} ${place}`)
    await body(
      async (place = randomUUID()) => openStore({ stateDir: 'unused', database: await urlOf(place) }),
      'PostgreSQL',
    )
  })
}
