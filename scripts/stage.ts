/**
 * A storefront of its own to play the example on: a temporary directory, free ports, the front door, customers, and
 * the real command line. Closing it stops whatever was started, by identity, and says what would not go by itself.
 */
import { type ChildProcess, type SpawnOptions, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Report } from '../src/spine.ts'

export const storefront = resolve(import.meta.dirname, '../examples/storefront')
const commandLine = resolve(import.meta.dirname, '../src/cli/main.ts')
/** Customers go home after this, in seconds, even when nobody calls them back. */
const longestVisit = 60

export type StageOptions = {
  /** Shows the deployments in this terminal; else only their errors are seen. */
  readonly show: boolean
  /** Stops the deployment that is under way, gently. */
  readonly signal?: AbortSignal
}

export type Deployed = { readonly exitCode: number; readonly report: Report }

/** What `loader.ts` counted. */
export type Counted = {
  readonly requests: number
  readonly failed: number
  readonly orders: number
  readonly connections: number
  readonly versions: readonly string[]
  readonly failures: readonly string[]
}

export class Stage implements AsyncDisposable {
  readonly dir: string
  readonly data: string
  readonly state: string
  readonly url: string
  readonly sessionKey = crypto.randomUUID()
  readonly #ports: readonly number[]
  readonly #options: StageOptions
  readonly #variables: NodeJS.ProcessEnv
  #frontDoor: ChildProcess | undefined
  #customers: ChildProcess | undefined
  #counted: Promise<string> | undefined
  #closed: Promise<readonly string[]> | undefined

  /** The front door is open; no release is behind it. */
  static async open(options: StageOptions): Promise<Stage> {
    const stage = new Stage(await mkdtemp(join(tmpdir(), 'storefront-')), await freePorts(3), options)
    await stage.#openFrontDoor()
    return stage
  }

  private constructor(dir: string, ports: readonly number[], options: StageOptions) {
    this.dir = dir
    this.data = join(dir, 'data')
    this.state = join(dir, 'state')
    this.url = `http://127.0.0.1:${ports[0]}`
    this.#ports = ports
    this.#options = options
    this.#variables = {
      ...process.env,
      // The plans say "node": the one that runs this is meant.
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      SESSION_KEY: this.sessionKey,
      // Inherited by everything that is started here, and found with nothing else.
      STOREFRONT_STAGE: dir,
    }
  }

  /** `plimsoll deploy`, as one would type it, with the directories and ports of this stage. */
  async deploy(plan: string, ...words: string[]): Promise<Deployed> {
    const { show, signal } = this.#options
    const exitCode = await this.#deploy([plan, ...words], { show, ...(signal && { signal }) })
    return { exitCode, report: JSON.parse(await this.ask('show', 'last', '--json')) }
  }

  /** What a command of `plimsoll` answers about the record: `show`, `logs`, `runs`. */
  async ask(command: string, ...words: string[]): Promise<string> {
    const stdio: StdioOptions = ['ignore', 'pipe', 'inherit']
    const { stdout } = this.#node([commandLine, command, ...words, '--state', this.state], { stdio })
    return stdout ? await text(stdout) : ''
  }

  /** A program of the example, run as the plans run it. */
  async run(...words: string[]): Promise<number> {
    return exitOf(this.#node(words, { cwd: storefront, stdio: 'ignore' }))
  }

  /** Resolves when the first of them has been served. */
  async sendCustomers(): Promise<void> {
    const words = [join(storefront, 'loader.ts'), this.url, String(longestVisit), '8']
    const customers = this.#node(words, { stdio: 'pipe' })
    this.#customers = customers
    this.#counted = customers.stdout ? text(customers.stdout) : undefined
    if (customers.stderr) await Promise.race([once(customers.stderr, 'data'), once(customers, 'exit')])
  }

  async callCustomersBack(): Promise<Counted> {
    this.#customers?.kill('SIGTERM')
    return JSON.parse((await this.#counted) ?? '')
  }

  /** Returns what was still there after everything had been told to stop, and ends it: nothing, when all is well. */
  close(): Promise<readonly string[]> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<readonly string[]> {
    await stopped(this.#customers)
    await this.#deploy(['down.yaml'], { show: false })
    await stopped(this.#frontDoor)
    const processes = await processesOf(this.dir)
    for (const { pid } of processes) process.kill(pid, 'SIGKILL')
    const left = processes.map(({ pid, command }) => `process ${pid}: ${command}`)
    for (const port of this.#ports) if (!(await isFree(port))) left.push(`a listener at port ${port}`)
    await rm(this.dir, { recursive: true, force: true })
    return left
  }

  async #openFrontDoor(): Promise<void> {
    const words = [join(storefront, 'proxy.ts'), String(this.#ports[0]), this.data]
    const frontDoor = this.#node(words, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#frontDoor = frontDoor
    if (frontDoor.stdout) await Promise.race([once(frontDoor.stdout, 'data'), once(frontDoor, 'exit')])
  }

  #deploy([plan = '', ...words]: string[], { show, signal }: StageOptions): Promise<number> {
    const [front, blue, green] = this.#ports
    const vars = [`DATA=${this.data}`, `PORT=${front}`, `BLUE=${blue}`, `GREEN=${green}`]
    const given = ['--state', this.state, ...vars.flatMap((pair) => ['--var', pair]), ...words]
    const engine = this.#node([commandLine, 'deploy', join(storefront, plan), ...given], {
      stdio: show ? 'inherit' : ['ignore', 'ignore', 'inherit'],
    })
    const stop = (): void => void engine.kill('SIGTERM')
    signal?.addEventListener('abort', stop, { once: true })
    return exitOf(engine).finally(() => signal?.removeEventListener('abort', stop))
  }

  /** In a process group of its own: Ctrl-C reaches only whoever opened the stage, and is passed on once. */
  #node(words: readonly string[], options: SpawnOptions): ChildProcess {
    return spawn(process.execPath, words, { ...options, detached: true, env: this.#variables })
  }
}

/** -1 when a signal ended it. */
async function exitOf(child: ChildProcess): Promise<number> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode ?? -1
}

async function stopped(child: ChildProcess | undefined): Promise<void> {
  if (!child) return
  child.kill('SIGTERM')
  await exitOf(child)
}

/** Below the range that systems take for outgoing connections (from 32768 on Linux), so that none is in the way. */
async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}

/** Those that carry the mark of the stage. Where there is no /proc the ports alone tell. */
async function processesOf(dir: string): Promise<readonly { pid: number; command: string }[]> {
  const numbers = await readdir('/proc').catch(() => [])
  const found = await Promise.all(
    numbers.filter(Number).map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
      if (!environment.split('\0').includes(`STOREFRONT_STAGE=${dir}`)) return []
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      return [{ pid: Number(pid), command: command.replaceAll('\0', ' ').trim() }]
    }),
  )
  return found.flat()
}
