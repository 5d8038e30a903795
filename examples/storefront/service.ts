/**
 * What all releases of the storefront share: the page, its assets, orders, health, and an end that loses nothing.
 * A release says how it keeps an order; its folder holds the page, the assets and the schema that it needs.
 *
 * Environment: LISTEN_PORT (on loopback; customers come through the front door), DATA, SESSION_KEY.
 */
import { createReadStream, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { basename, extname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { listenForCommands, releaseSocket } from './control.ts'
import { newVisitor, signed, visitorOf } from './session.ts'

export type Order = {
  readonly product: number
  readonly quantity: number
  readonly gift: boolean
  readonly visitor: string
}

export type Release = {
  /** `releases/v1`; its name is the version. */
  readonly folder: string
  readonly saveOrder: (shop: DatabaseSync, order: Order) => void
  /** What is wrong, for the health answer; null when all is well. */
  readonly problem?: () => string | null
}

const longestOrderBytes = 4_096
const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

export async function serve(release: Release): Promise<void> {
  const { LISTEN_PORT = '', DATA = '', SESSION_KEY = '' } = process.env
  if (!LISTEN_PORT || !DATA || !SESSION_KEY) throw new Error('LISTEN_PORT, DATA and SESSION_KEY must be set')
  const version = basename(release.folder)
  const schema = Number(readFileSync(join(release.folder, 'schema'), 'utf8'))
  const template = readFileSync(join(release.folder, 'page.html'), 'utf8').replaceAll('{{version}}', version)
  // During a switch two releases write to one database: each waits for the other instead of failing.
  const shop = new DatabaseSync(join(DATA, 'shop.db'), { timeout: 5_000 })

  function page(request: IncomingMessage, response: ServerResponse): void {
    const rows = shop.prepare('select id, name, price_cents from products order by id limit 100').all()
    const items = rows.map(
      (row) => `<li value="${row.id}">${row.name} <b>${Number(row.price_cents) / 100}</b></li>`,
    )
    const visitor = visitorOf(request, SESSION_KEY) ?? newVisitor()
    response.setHeader(
      'set-cookie',
      `visitor=${signed(visitor, SESSION_KEY)}; Path=/; HttpOnly; SameSite=Lax`,
    )
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(template.replace('{{products}}', items.join('\n      ')))
  }

  /** A page that was opened before the switch asks for its own version's files afterwards: all versions are served. */
  function asset(request: IncomingMessage, response: ServerResponse): void {
    const [, of = '', name = ''] = /^\/assets\/(v\d+)\/([a-z]+\.[a-z]+)$/.exec(request.url ?? '') ?? []
    const encoding = /\bbr\b/.test(request.headers['accept-encoding'] ?? '') ? 'br' : 'gzip'
    const file = createReadStream(join(DATA, 'assets', of, `${name}.${encoding === 'br' ? 'br' : 'gz'}`))
    file.once('error', () => reply(response, 404, { error: 'no such file' }))
    file.once('open', () => {
      response.setHeader('content-type', contentTypes[extname(name)] ?? 'application/octet-stream')
      response.setHeader('cache-control', 'public, max-age=31536000, immutable')
      response.setHeader('content-encoding', encoding)
      file.pipe(response)
    })
  }

  async function order(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const visitor = request.headers.cookie ? visitorOf(request, SESSION_KEY) : 'guest'
    if (visitor === null) return reply(response, 403, { error: 'the session is not ours' })
    const wish = parseOrder(await bodyOf(request))
    if (wish === null) return reply(response, 400, { error: 'expected {"product": 1, "quantity": 1}' })
    release.saveOrder(shop, { ...wish, visitor })
    reply(response, 201, { version, ordered: wish.quantity })
  }

  function health(_request: IncomingMessage, response: ServerResponse): void {
    const found = Number(shop.prepare('pragma user_version').get()?.user_version)
    const problem = found < schema ? `schema ${found} is older than ${schema}` : (release.problem?.() ?? null)
    reply(response, problem === null ? 200 : 503, { version, schema: found, problem })
  }

  const server = createServer(async (request, response) => {
    response.setHeader('x-release', version)
    // A connection that is told to end gives its customer time to open another; one that is cut does not.
    if (!server.listening) response.setHeader('connection', 'close')
    try {
      if (request.url === '/') page(request, response)
      else if (request.url === '/up') health(request, response)
      else if (request.url === '/orders' && request.method === 'POST') await order(request, response)
      else asset(request, response)
    } catch (error) {
      console.error(error)
      reply(response, 500, { error: 'this is our mistake' })
    }
  })
  const stopped = new Promise<void>((resolve) => server.once('close', () => resolve()))
  const stop = (): Promise<void> => {
    if (server.listening) server.close(() => process.exit(0))
    return stopped
  }

  server.listen(Number(LISTEN_PORT), '127.0.0.1')
  await new Promise((listening, failed) => server.once('listening', listening).once('error', failed))
  await listenForCommands(releaseSocket(DATA, LISTEN_PORT), {
    stop: async () => stop().then(() => 'stopped'),
  })
  process.once('SIGTERM', stop)
  console.log(`${version} listens on http://127.0.0.1:${LISTEN_PORT}`)
}

function reply(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) return void response.destroy()
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk
    if (body.length > longestOrderBytes) return ''
  }
  return body
}

function parseOrder(body: string): Omit<Order, 'visitor'> | null {
  try {
    const { product, quantity, gift = false } = JSON.parse(body)
    const sound = Number.isInteger(product) && Number.isInteger(quantity) && quantity > 0 && quantity < 100
    return sound ? { product, quantity, gift: gift === true } : null
  } catch {
    return null
  }
}
