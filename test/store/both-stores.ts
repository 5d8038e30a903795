/** The same test on SQLite and on a real PostgreSQL server. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openStore, type Store } from '../../src/store/store.ts'
import { serverOfFile } from './postgres-server.ts'

const serverHere = serverOfFile()

type OpenEmpty = () => Promise<Store>
type Kind = 'SQLite' | 'PostgreSQL'

/** `openEmpty` opens a new, empty store; the test closes it. */
export function onBothStores(title: string, body: (openEmpty: OpenEmpty, kind: Kind) => Promise<void>): void {
  test(`SQLite: ${title}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-store-'))
    try {
      await body(() => openStore({ stateDir: join(folder, randomUUID()) }), 'SQLite')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
  test(`PostgreSQL: ${title}`, async () => {
    const server = await serverHere()
    await body(
      async () => openStore({ stateDir: 'unused', database: await server.database(randomUUID()) }),
      'PostgreSQL',
    )
  })
}
