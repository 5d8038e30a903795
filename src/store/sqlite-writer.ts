/**
 * The thread that does all writing to the SQLite file, so that a slow disk never blocks the event loop. It imports
 * as little as it can: its start is part of every start of the engine.
 */
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { letGo } from '../buffers.ts'
import type { BesidePlace } from './beside.ts'
import { migrate, migrationFiles } from './migrations.ts'
import { busyTimeoutMs } from './sqlite-settings.ts'
import { statementCache } from './statement-cache.ts'
import type { Durability, Statement } from './words.ts'
import {
  type Failure,
  failureOf,
  UnexpectedRows,
  type WriterAnswer,
  type WriterData,
  type WriterRequest,
} from './writer-words.ts'

/**
 * Each table and index has a page of its own, and each small commit writes whole pages: pages of 4 KiB keep both small (they
 * must be set before the first table; an older file keeps its 16 KiB). The WAL is copied back after 1,024 pages
 * and cut to 16 MiB should a reader have let it grow. What is deleted leaves pages that can be given back one by one; a
 * file that was made without that keeps them for what is written next.
 */
const settings = `
  pragma journal_mode = wal;
  pragma synchronous = full;
  pragma wal_autocheckpoint = 1024;
  pragma journal_size_limit = 16777216`

function serve(port: NonNullable<typeof parentPort>, data: WriterData): void {
  const answer = (message: WriterAnswer): void => port.postMessage(message)
  try {
    const database = new DatabaseSync(data.file, {
      timeout: busyTimeoutMs,
      enableForeignKeyConstraints: true,
    })
    if (isEmpty(database)) database.exec('pragma page_size = 4096; pragma auto_vacuum = incremental')
    database.exec(settings)
    const found = migrate(database)
    if (found !== null) {
      database.close()
      answer({ type: 'too-new', found, known: migrationFiles().length })
      return
    }
    const prepare = statementCache(database)
    const write = writerOf(database, prepare)
    port.on('message', (request: WriterRequest) => {
      if (request.type === 'batch') {
        answer({ type: 'written', failures: write(request.calls, request.durability) })
        for (const { parameters } of request.calls.flat())
          letGo(...parameters.filter((value) => value instanceof Uint8Array))
      } else if (request.type === 'give-back') {
        answer(giveBack(database))
      } else if (request.type === 'job') {
        const place = { file: data.file, prepare, write }
        void import('./beside.ts').then(({ perform }) => perform(request.module, place)).then(answer)
      } else {
        database.close()
        port.close()
      }
    })
    answer({ type: 'open' })
  } catch (error) {
    answer({ type: 'failed', failure: failureOf(error) })
  }
}

/** Only then the pragma does something, and to another file it would write. */
function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('pragma page_count').get()?.page_count === 0
}

/** 1 MiB, in older files 4: a slice holds writers up for a few milliseconds. */
const pagesAtOnce = 256

/** Room is given back with the next write all the same when a reader is in the way: nobody waits for it. */
function giveBack(database: DatabaseSync): WriterAnswer {
  try {
    // Not through a prepared statement: it would give back one page only.
    database.exec(`pragma incremental_vacuum(${pagesAtOnce})`)
    const { freelist_count: free, auto_vacuum: mode } = {
      ...database.prepare('pragma freelist_count').get(),
      ...database.prepare('pragma auto_vacuum').get(),
    }
    const hasMore = mode === 2 && Number(free) > 0
    if (!hasMore) emptyLog(database)
    return { type: 'given-back', hasMore, failure: null }
  } catch (error) {
    return { type: 'given-back', hasMore: false, failure: failureOf(error) }
  }
}

function emptyLog(database: DatabaseSync): void {
  database.exec('pragma busy_timeout = 0')
  try {
    database.exec('pragma wal_checkpoint(truncate)')
  } finally {
    database.exec(`pragma busy_timeout = ${busyTimeoutMs}`)
  }
}

/** One commit for all calls. When it fails, each call is done again by itself, so that only the guilty one fails. */
function writerOf(database: DatabaseSync, prepare: BesidePlace['prepare']): BesidePlace['write'] {
  let present: Durability = 'full'
  const becomeDurable = (durability: Durability): void => {
    if (durability !== present) database.exec(`pragma synchronous = ${durability}`)
    present = durability
  }
  const commit = (statements: readonly Statement[]): Failure | null => {
    try {
      for (const statement of statements) {
        const { changes } = prepare(statement.sql).run(...statement.parameters)
        const { expectRows = changes } = statement
        if (changes !== expectRows) throw new UnexpectedRows(statement, Number(changes))
      }
      prepare('commit').run()
      return null
    } catch (error) {
      // SQLite has already rolled back after a full disk or an input/output error.
      if (database.isTransaction) prepare('rollback').run()
      return failureOf(error)
    }
  }
  const begin = (): Failure | null => {
    try {
      prepare('begin immediate').run()
      return null
    } catch (error) {
      return failureOf(error)
    }
  }
  return (calls, durability) => {
    becomeDurable(durability)
    // Nobody is guilty of a transaction that cannot begin: waiting out the timeout once for each call helps no one.
    const failure = begin()
    if (failure !== null) return calls.map(() => failure)
    const together = commit(calls.flat())
    if (together === null || calls.length === 1) return calls.map(() => together)
    return calls.map((statements) => begin() ?? commit(statements))
  }
}

if (parentPort !== null) serve(parentPort, workerData as WriterData)
