/** The embedded store: `plimsoll.db` in the state directory. */
import { closeSync, existsSync, openSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { makeDirectory } from '../directories.ts'
import { PlimsollError } from '../errors.ts'
import { migrationFiles, versionOf } from './migrations.ts'
import { refuseNetworkDisk } from './network-disk.ts'
import { fileError, storeError } from './sqlite-errors.ts'
import { connectForReading, openReader, type Reader } from './sqlite-reader.ts'
import type { LogSize, Store } from './words.ts'
import { openWriter, tooNew } from './writer.ts'
import { failureOf } from './writer-words.ts'

/** Of every SQLite database, https://www.sqlite.org/fileformat.html#the_database_header. */
const headerBytes = 100

const fileIn = (stateDir: string): string => join(stateDir, 'plimsoll.db')

function logOf(file: string): LogSize {
  const path = `${file}-wal`
  return { path, bytes: statSync(path, { throwIfNoEntry: false })?.size ?? 0 }
}

type Place = { readonly stateDir: string; readonly root?: string }

/** The directory is made with mode 0700, the file with 0600. */
export async function openSqlite({ stateDir, root }: Place): Promise<Store> {
  const file = fileIn(stateDir)
  refuseNetworkDisk(stateDir, root)
  makeFile(stateDir, file)
  refuseForeignFile(file)
  const writer = await openWriter(file)
  const reader = openReader(file)
  return {
    kind: 'SQLite',
    write: (statements, durability) => writer.write(statements, durability),
    giveBack: () => writer.giveBack(),
    beside: (module) => writer.beside(module),
    log: () => logOf(file),
    read: reader.read,
    stream: reader.stream,
    [Symbol.asyncDispose]: async () => {
      // The reader first: the last connection that closes empties the WAL into the file and removes it.
      reader[Symbol.dispose]()
      await writer[Symbol.asyncDispose]()
    },
  }
}

export async function openSqliteForReading(options: Place): Promise<Store | null> {
  const file = fileIn(options.stateDir)
  if (!existsSync(file)) return null
  refuseNetworkDisk(options.stateDir, options.root)
  refuseForeignFile(file)
  const version = versionIn(file)
  if (version === 0) return null
  const known = migrationFiles().length
  if (version > known) throw tooNew(file, { found: version, known })
  // Opening it for writing brings an older file to the form that queries expect.
  if (version < known) await (await openSqlite(options))[Symbol.asyncDispose]()
  return readingStore(file, openReader(file))
}

function readingStore(file: string, reader: Reader): Store {
  return {
    kind: 'SQLite',
    write: async () => {
      throw new PlimsollError('INTERNAL', `${file} was opened for reading`)
    },
    giveBack: async () => false,
    log: () => logOf(file),
    read: reader.read,
    stream: reader.stream,
    [Symbol.asyncDispose]: async () => reader[Symbol.dispose](),
  }
}

/** SQLite gives the files that it makes beside the database the database's mode. */
function makeFile(stateDir: string, file: string): void {
  try {
    makeDirectory(stateDir)
    closeSync(openSync(file, 'a', 0o600))
  } catch (error) {
    throw fileError(stateDir, error)
  }
}

/** SQLite takes a file of less than a header for an empty database and would write over it. */
function refuseForeignFile(file: string): void {
  const { size } = statSync(file)
  if (size === 0 || size >= headerBytes) return
  throw new PlimsollError(
    'STATE_CORRUPT',
    `${file} is not a database: it has ${size} bytes, less than a header`,
  )
}

function versionIn(file: string): number {
  try {
    const database = connectForReading(file)
    try {
      return versionOf(database)
    } finally {
      database.close()
    }
  } catch (error) {
    throw storeError(file, failureOf(error), error)
  }
}
