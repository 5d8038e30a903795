/**
 * Writes to PostgreSQL. A commit that was sent and not acknowledged, because the server or the network broke, is neither
 * lost nor done twice: each transaction also writes its number into the row of this writer in `commits`, and who comes
 * back looks there first.
 */
import { randomUUID } from 'node:crypto'
import type { Client } from 'pg'
import { PlimsollError } from '../errors.ts'
import { type Calls, CommitQueue } from './commit-queue.ts'
import type { PostgresConnection } from './postgres-connection.ts'
import { mayPass, postgresError } from './postgres-errors.ts'
import { beginWriting, command, type Sent, send, statementOf } from './postgres-transaction.ts'
import type { Durability, Statement } from './words.ts'
import { UnexpectedRows } from './writer-words.ts'

type Failures = readonly (PlimsollError | null)[]

const keepNumber = `
  insert into commits (writer, number) values ($1, $2)
  on conflict (writer) do update set number = excluded.number, at = now()`

/** Rows of engines that were killed; nobody comes back to a commit after so long. */
export const forgetOldWriters = `delete from plimsoll.commits where at < now() - interval '1 day'`

export class PostgresWriter implements AsyncDisposable {
  readonly #connection: PostgresConnection
  readonly #id = randomUUID()
  readonly #queue = new CommitQueue((calls, durability) => this.#commit(calls, durability))
  #number = 0
  #closing: Promise<void> | null = null

  constructor(connection: PostgresConnection) {
    this.#connection = connection
  }

  async write(statements: readonly Statement[], durability?: Durability): Promise<void> {
    if (this.#closing !== null) throw new PlimsollError('STORE_FAILED', `${this.#connection.name} is closed`)
    await this.#queue.write(statements, durability)
  }

  /** Waits for the writes that were accepted. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#queue.idle()
    const forget = command('delete from plimsoll.commits where writer = $1', this.#id)
    // A server that is away is not waited for: the row is removed another day.
    if (this.#number > 0)
      await this.#connection.once((client) => send(client, [forget])).catch(() => undefined)
    await this.#connection[Symbol.asyncDispose]()
  }

  async #commit(calls: Calls, durability: Durability): Promise<Failures> {
    this.#number += 1
    const begin = [{ text: beginWriting[durability] }, command(keepNumber, this.#id, this.#number)]
    /** What an attempt found whose commit was sent. */
    let sent: Failures | null = null
    return this.#connection.run(async (client) => {
      if (sent !== null && (await this.#isCommitted(client))) return sent
      const failures = await this.#fill(client, begin, calls)
      // Nothing of it can stay: where there is one call, that is the end of it.
      if (failures.every((failure) => failure !== null)) {
        await client.query('rollback')
        return failures
      }
      sent = failures
      await client.query('commit')
      return failures
    })
  }

  /** All calls in one go; when one of them fails, each under a savepoint, so that only the guilty one fails. */
  async #fill(client: Client, begin: readonly Sent[], calls: Calls): Promise<Failures> {
    const together = await this.#tried(client, begin, calls.flat())
    if (together === null || calls.length === 1) return calls.map(() => together)
    await send(client, [{ text: 'rollback' }, ...begin])
    const failures: (PlimsollError | null)[] = []
    for (const statements of calls) {
      const failure = await this.#tried(client, [{ text: 'savepoint call' }], statements)
      await client.query(failure === null ? 'release savepoint call' : 'rollback to savepoint call')
      failures.push(failure)
    }
    return failures
  }

  /** Null when all went well. Throws what another attempt may mend. */
  async #tried(
    client: Client,
    before: readonly Sent[],
    statements: readonly Statement[],
  ): Promise<PlimsollError | null> {
    try {
      const all = statements.map(({ sql, parameters }) => statementOf(sql, parameters))
      // In the order of the statements: what follows an unexpected number of rows may fail because of it.
      await send(client, [...before, ...all], ({ rowCount }, index) => {
        const statement = statements[index - before.length]
        const changed = rowCount ?? 0
        if (statement && changed !== (statement.expectRows ?? changed))
          throw new UnexpectedRows(statement, changed)
      })
      return null
    } catch (thrown) {
      if (mayPass(thrown)) throw thrown
      return postgresError(this.#connection.name, thrown)
    }
  }

  /** Under the lock of the writers: the transaction of the broken connection has ended by then, this way or that. */
  async #isCommitted(client: Client): Promise<boolean> {
    const [, found] = await send(client, [
      { text: beginWriting.full },
      command('select 1 from commits where writer = $1 and number = $2', this.#id, this.#number),
      { text: 'commit' },
    ])
    return found?.rows.length === 1
  }
}
