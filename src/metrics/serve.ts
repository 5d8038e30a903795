/**
 * An HTTP server for a scraper: `GET /metrics` gives the newest sample of every series, in OpenMetrics where the scraper
 * wants it, else in the text format of Prometheus. Answers are streamed; how many at once and for how long is bounded.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Clock, systemClock } from '../clock.ts'
import { messageOf, PlimsollError, systemCodeOf } from '../errors.ts'
import { contentTypes, formatFor, type WriteOptions, writeExposition } from './exposition-write.ts'
import type { Sample } from './words.ts'

export type ServeOptions = {
  /** Asked once for each scrape; samples of one name come together. */
  readonly latest: () => AsyncIterable<Sample>
  /** Default 127.0.0.1: nobody else can reach it. */
  readonly host?: string
  /** Default 9187; 0 takes a free one. */
  readonly port?: number
  /** Default false: the scraper takes the time of its scrape, and an old sample looks new. */
  readonly timestamps?: boolean
  readonly meaningOf?: WriteOptions['meaningOf']
  /** Told of scrapes that failed. */
  readonly onError?: (error: unknown) => void
  readonly clock?: Clock
}

const scrapesAtOnce = 4
const mostConnections = 64
/** Of one answer, in milliseconds; Prometheus gives up after 10 s by default. */
const longestScrapeMs = 30_000

export class MetricsServer implements AsyncDisposable {
  readonly #options: ServeOptions
  readonly #server: Server
  readonly #stop = new AbortController()
  #scrapes = 0

  private constructor(options: ServeOptions, server: Server) {
    this.#options = options
    this.#server = server
    this.#server.on('request', (request, response) => void this.#answer(request, response))
    this.#server.maxConnections = mostConnections
  }

  /** @throws METRICS_SERVE_FAILED */
  static async open(options: ServeOptions): Promise<MetricsServer> {
    const { host = '127.0.0.1', port = 9187 } = options
    // Who only records needs no server.
    const { createServer } = await import('node:http')
    const server = new MetricsServer(
      options,
      createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }),
    )
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    server.#server.once('error', (cause) =>
      reject(
        new PlimsollError('METRICS_SERVE_FAILED', `cannot listen on ${host}:${port}: ${messageOf(cause)}`, {
          cause,
        }),
      ),
    )
    server.#server.listen({ host, port }, resolve)
    await promise
    return server
  }

  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/metrics`
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request
    if (url.split('?')[0] !== '/metrics') return end(response, 404, 'The metrics are at /metrics')
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      return end(response, 405, 'Only GET and HEAD')
    }
    if (this.#scrapes >= scrapesAtOnce) {
      response.setHeader('retry-after', '1')
      return end(response, 503, `${scrapesAtOnce} scrapes are being answered`)
    }
    this.#scrapes += 1
    try {
      await this.#scrape(request, response)
    } catch (error) {
      const isGone = systemCodeOf(error) === 'ERR_STREAM_PREMATURE_CLOSE'
      if (!isGone && !this.#stop.signal.aborted) this.#options.onError?.(error)
      // A scraper must see that a begun answer is not complete.
      if (response.headersSent) response.destroy()
      else end(response, 500, 'The metrics could not be read')
    } finally {
      this.#scrapes -= 1
    }
  }

  async #scrape(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { latest, timestamps = false, meaningOf, clock = systemClock } = this.#options
    const format = formatFor(request.headers.accept)
    const pieces = writeExposition(latest(), { format, timestamps, ...(meaningOf && { meaningOf }) })
    // A reading that fails at once is told with a status.
    const first = await pieces.next()
    response.writeHead(200, { 'content-type': contentTypes[format], 'cache-control': 'no-store' })
    if (request.method === 'HEAD') {
      await pieces.return()
      response.end()
      return
    }
    const ended = new AbortController()
    const signal = AbortSignal.any([this.#stop.signal, ended.signal])
    const late = clock.sleep(longestScrapeMs, signal).then(() => {
      throw new Error(`a scrape took longer than ${longestScrapeMs} ms`)
    })
    try {
      const body = Readable.from(joined(first, pieces))
      await Promise.race([pipeline(body, response, { signal }), late])
    } finally {
      late.catch(() => undefined)
      ended.abort()
    }
  }

  /** Answers that were begun are broken off. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    this.#server.closeAllConnections()
    await promise
  }
}

async function* joined(
  first: IteratorResult<string, void>,
  rest: AsyncGenerator<string>,
): AsyncGenerator<string> {
  if (!first.done) yield first.value
  yield* rest
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(`${text}\n`)
}
