/**
 * The front door: one address for customers, whichever release is behind it.
 *
 *     node proxy.ts PORT DATA
 *
 * On its control socket `use PORT` sends every request from now on to another release, `drain` answers when the
 * last request at any earlier one is over, `where` says which is in use. It never repeats a request: an order
 * that was sent once arrives once.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as send,
} from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import { frontDoorSocket, listenForCommands } from './control.ts'

/** A release behind the door. It has its own connections, so that none outlives the release it belongs to. */
type Upstream = {
  readonly port: string
  readonly agent: Agent
  readonly left: PromiseWithResolvers<void>
  underWay: number
}

const host = '127.0.0.1'
const [port = '8080', data = '.data'] = process.argv.slice(2)
mkdirSync(data, { recursive: true, mode: 0o700 })

const upstreamFile = join(data, 'upstream')
let current = upstreamAt(remembered())
/** No longer in use, but still answering; each leaves when its last request is over. */
const leaving = new Set<Upstream>()

const server = createServer((request, response) => {
  if (current.port === 'none') response.writeHead(503, { 'retry-after': '1' }).end('No release is running.\n')
  else forward(request, response, current)
})
server.maxConnections = 1_000
server.listen(Number(port), host, async () => {
  await listenForCommands(frontDoorSocket(data), { use, drain, where: () => current.port })
  console.log(`front door on http://${host}:${port}, release at ${current.port}`)
})
process.once('SIGTERM', stop)
process.once('SIGINT', stop)

function forward(request: IncomingMessage, response: ServerResponse, upstream: Upstream): void {
  upstream.underWay += 1
  const onward = send({
    host,
    port: upstream.port,
    agent: upstream.agent,
    method: request.method,
    path: request.url,
    headers: { ...endToEnd(request.headers), 'x-forwarded-for': request.socket.remoteAddress ?? 'unknown' },
  })
  onward.once('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers))
    // When a release breaks off, so does the answer: the customer must not take half of it for the whole.
    pipeline(answer, response, () => {})
  })
  onward.on('error', (error) => {
    if (response.headersSent || response.destroyed) response.destroy()
    else response.writeHead(502).end(`The release at ${upstream.port} did not answer: ${error.message}\n`)
  })
  response.once('close', () => {
    if (!response.writableFinished) onward.destroy()
    upstream.underWay -= 1
    if (upstream !== current && upstream.underWay === 0) upstream.left.resolve()
  })
  request.pipe(onward)
}

/** Without the headers that speak of one connection: each side of the door keeps its own alive. */
function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { connection, 'keep-alive': keepAlive, 'proxy-connection': proxy, upgrade, expect, ...rest } = headers
  return rest
}

/** Takes effect with the next request. When nobody listens at the port it fails, and nothing has changed. */
async function use(wanted: string): Promise<string> {
  if (wanted !== 'none') await reach(wanted)
  const previous = current
  if (wanted === previous.port) return previous.port
  remember(wanted)
  current = upstreamAt(wanted)
  leaving.add(previous)
  void previous.left.promise.then(() => {
    leaving.delete(previous)
    previous.agent.destroy()
  })
  if (previous.underWay === 0) previous.left.resolve()
  return previous.port
}

async function drain(): Promise<string> {
  const requests = [...leaving].reduce((sum, upstream) => sum + upstream.underWay, 0)
  await Promise.all([...leaving].map((upstream) => upstream.left.promise))
  return String(requests)
}

function upstreamAt(port: string): Upstream {
  const agent = new Agent({ keepAlive: true, maxSockets: 1_000 })
  return { port, agent, left: Promise.withResolvers(), underWay: 0 }
}

function reach(wanted: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connect(Number(wanted), host)
  socket.once('connect', () => resolve())
  socket.once('error', () =>
    reject(new Error(`nothing listens at ${wanted}; the release at ${current.port} stays`)),
  )
  return promise.finally(() => socket.destroy())
}

/** Written beside and renamed: a front door that starts again reads the old port or the new one, never half. */
function remember(wanted: string): void {
  writeFileSync(`${upstreamFile}.new`, wanted)
  renameSync(`${upstreamFile}.new`, upstreamFile)
}

function remembered(): string {
  try {
    return readFileSync(upstreamFile, 'utf8')
  } catch {
    return 'none'
  }
}

/** No new customers; those inside are still served. */
function stop(): void {
  server.close(() => process.exit(0))
  setTimeout(() => process.exit(0), 10_000).unref()
}
