/**
 * The real Prometheus with samples of ours in it: Debian's package, from the PATH, or fetched with apt-get and unpacked
 * into a folder that is removed afterwards. The samples reach it as OpenMetrics, through its own promtool.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

export type Answer = {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly [number, string][]
}

export type Scraped = {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

export class Prometheus implements AsyncDisposable {
  readonly version: string
  readonly #url: string
  readonly #end: () => Promise<void>

  private constructor(version: string, url: string, end: () => Promise<void>) {
    this.version = version
    this.#url = url
    this.#end = end
  }

  /** Scrapes `target` (HOST:PORT), if any, each second. Null where there is none and none can be fetched. */
  static async open(openMetrics: string, target?: string): Promise<Prometheus | null> {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-prometheus-'))
    const remove = (): void => rmSync(folder, { recursive: true, force: true })
    const programs = await programsIn(folder)
    if (programs === null) {
      remove()
      return null
    }
    const text = join(folder, 'samples.txt')
    writeFileSync(text, openMetrics)
    const data = join(folder, 'data')
    await run(join(programs, 'promtool'), ['tsdb', 'create-blocks-from', 'openmetrics', text, data], {
      maxBuffer: 2 ** 26,
    })
    const scrape = { job_name: 'ours', scrape_interval: '1s', static_configs: [{ targets: [target] }] }
    const settings = target === undefined ? {} : { scrape_configs: [scrape] }
    writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(settings))
    const port = await freePort()
    const child = spawn(
      join(programs, 'prometheus'),
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${data}`,
        '--storage.tsdb.retention.time=100y',
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      { stdio: 'ignore' },
    )
    const ended = once(child, 'close')
    const url = `http://127.0.0.1:${port}`
    const end = async (): Promise<void> => {
      child.kill('SIGKILL')
      await ended
      remove()
    }
    for (let tries = 0; tries < 100; tries += 1) {
      const ready = await fetch(`${url}/-/ready`).catch(() => null)
      if (ready?.ok) {
        const { stdout } = await run(join(programs, 'prometheus'), ['--version'])
        return new Prometheus(/version (\S+)/.exec(stdout)?.[1] ?? 'unknown', url, end)
      }
      await sleep(100)
    }
    await end()
    throw new Error('Prometheus was not ready after 10 s')
  }

  /** What it has of the target now; waits for its first scrape. */
  async scraped(): Promise<readonly Scraped[]> {
    for (let tries = 0; tries < 100; tries += 1) {
      const [up] = await this.#instant('up{job="ours"}')
      if (up?.value[1] === '1') return await this.#instant('{job="ours"}')
      await sleep(100)
    }
    throw new Error('Prometheus has not scraped the target')
  }

  async #instant(query: string): Promise<readonly Scraped[]> {
    const response = await fetch(`${this.#url}/api/v1/query?${new URLSearchParams({ query })}`)
    const answer = (await response.json()) as { data: { result: Scraped[] } }
    return answer.data.result
  }

  async range(
    query: string,
    times: { start: number; end: number; step: number },
  ): Promise<readonly Answer[]> {
    const body = new URLSearchParams({
      query,
      ...Object.fromEntries(Object.entries(times).map(([name, value]) => [name, String(value)])),
    })
    const response = await fetch(`${this.#url}/api/v1/query_range`, { method: 'POST', body })
    const answer = (await response.json()) as { status: string; error?: string; data: { result: Answer[] } }
    if (answer.status !== 'success') throw new Error(answer.error)
    return answer.data.result
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end()
  }
}

async function programsIn(folder: string): Promise<string | null> {
  const installed = (process.env.PATH ?? '')
    .split(delimiter)
    .find((path) => existsSync(join(path, 'prometheus')) && existsSync(join(path, 'promtool')))
  if (installed !== undefined) return installed
  try {
    await run('apt-get', ['download', 'prometheus'], { cwd: folder })
    const [archive = ''] = globSync('prometheus_*.deb', { cwd: folder })
    await run('dpkg', ['-x', archive, 'package'], { cwd: folder })
    return join(folder, 'package/usr/bin')
  } catch {
    return null
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}
