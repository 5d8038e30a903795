/** The store on a PostgreSQL server: the schema `plimsoll` of the database that the URL names. */
import type { Clock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import { databaseTarget } from './database-url.ts'
import { migrationFiles } from './migrations.ts'
import { pagedStream } from './paged-stream.ts'
import { PostgresConnection } from './postgres-connection.ts'
import { formOf, migratePostgres, refuseNewer } from './postgres-migrations.ts'
import { command, readPage, readRows, send, statementOf } from './postgres-transaction.ts'
import { forgetOldWriters, PostgresWriter } from './postgres-writer.ts'
import { storable } from './values.ts'
import type { Store, Value } from './words.ts'

/** Two connections: a long read does not hold up the journal. */
export async function openPostgres(url: string, clock: Clock): Promise<Store> {
  const target = await databaseTarget(url)
  const connection = new PostgresConnection(target, clock)
  try {
    await connection.begin(async (client) => {
      await migratePostgres(client, target.name)
      await send(client, [command(forgetOldWriters)])
    })
  } catch (error) {
    await connection[Symbol.asyncDispose]()
    throw error
  }
  const writer = new PostgresWriter(connection)
  const reading = new PostgresConnection(target, clock)
  return {
    kind: 'PostgreSQL',
    write: (statements, durability) => writer.write(statements, durability),
    giveBack: async () => false,
    log: () => null,
    ...readsOf(reading),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([reading[Symbol.asyncDispose](), writer[Symbol.asyncDispose]()])
    },
  }
}

/** Null when nothing was ever recorded there. */
export async function openPostgresForReading(url: string, clock: Clock): Promise<Store | null> {
  const target = await databaseTarget(url)
  const connection = new PostgresConnection(target, clock)
  try {
    const form = await connection.begin((client) => formOf(client, target.name))
    refuseNewer(target.name, form)
    if (form > 0 && form < migrationFiles().length)
      await connection.begin((client) => migratePostgres(client, target.name))
    if (form > 0) return readingStore(connection)
  } catch (error) {
    await connection[Symbol.asyncDispose]()
    throw error
  }
  await connection[Symbol.asyncDispose]()
  return null
}

function readingStore(connection: PostgresConnection): Store {
  return {
    kind: 'PostgreSQL',
    write: async () => {
      throw new PlimsollError('INTERNAL', `${connection.name} was opened for reading`)
    },
    giveBack: async () => false,
    log: () => null,
    ...readsOf(connection),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  }
}

function readsOf(connection: PostgresConnection): Pick<Store, 'read' | 'stream'> {
  return {
    read: async <Result>(sql: string, parameters: readonly Value[] = []) => {
      const query = statementOf(sql, storable(parameters))
      return (await connection.run((client) => readRows(client, query))) as readonly Result[]
    },
    stream: <Result>(sql: string, parameters: readonly Value[]) =>
      pagedStream(sql, storable(parameters), (paged, after) =>
        connection.run((client) => readPage(client, statementOf(paged, after))),
      ) as AsyncIterable<Result>,
  }
}
