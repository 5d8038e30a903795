/**
 * What customers can ask of a release: the page, its files, an order, its health. A release says how it keeps an
 * order; its folder holds the page, the files and the number of the database schema that it needs.
 */
import { createReadStream, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { basename, extname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
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
  readonly saveOrder: (database: DatabaseSync, order: Order) => void
  /** What is wrong, for its health; null when all is well. */
  readonly problem?: () => string | null
}

export type Shop = {
  readonly version: string
  readonly answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>
}

type Inventory = {
  readonly release: Release
  readonly version: string
  readonly schema: number
  readonly page: string
  readonly database: DatabaseSync
  readonly assets: string
  readonly sessionKey: string
}

const longestOrderBytes = 4_096
const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

export function openShop(release: Release, places: { data: string; sessionKey: string }): Shop {
  const version = basename(release.folder)
  const inventory = {
    release,
    version,
    schema: Number(readFileSync(join(release.folder, 'schema'), 'utf8')),
    page: readFileSync(join(release.folder, 'page.html'), 'utf8').replaceAll('{{version}}', version),
    // During a switch two releases write to one database: each waits for the other instead of failing.
    database: new DatabaseSync(join(places.data, 'shop.db'), { timeout: 5_000 }),
    assets: join(places.data, 'assets'),
    sessionKey: places.sessionKey,
  }
  return {
    version,
    answer(request, response) {
      if (request.url === '/') return showPage(inventory, request, response)
      if (request.url === '/up') return tellHealth(inventory, response)
      if (request.url === '/orders' && request.method === 'POST')
        return takeOrder(inventory, request, response)
      return sendAsset(inventory, request, response)
    },
  }
}

export function reply(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) return void response.destroy()
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function showPage(shop: Inventory, request: IncomingMessage, response: ServerResponse): void {
  const products = shop.database.prepare(
    'select id, name, price_cents / 100.0 as price from products limit 100',
  )
  const items = products.all().map(({ id, name, price }) => `<li value="${id}">${name} <b>${price}</b></li>`)
  const visitor = visitorOf(request, shop.sessionKey) ?? newVisitor()
  const cookie = `visitor=${signed(visitor, shop.sessionKey)}; Path=/; HttpOnly; SameSite=Lax`
  response.setHeader('set-cookie', cookie)
  response.setHeader('content-type', contentTypes['.html'] ?? '')
  response.end(shop.page.replace('{{products}}', items.join('\n      ')))
}

/** A page that was opened before the switch asks for its own files after it: those of all versions are here. */
function sendAsset(shop: Inventory, request: IncomingMessage, response: ServerResponse): void {
  const [, of = '', name = ''] = /^\/assets\/(v\d+)\/([a-z]+\.[a-z]+)$/.exec(request.url ?? '') ?? []
  const takesBrotli = /\bbr\b/.test(request.headers['accept-encoding'] ?? '')
  const file = createReadStream(join(shop.assets, of, `${name}.${takesBrotli ? 'br' : 'gz'}`))
  file.once('error', () => reply(response, 404, { error: 'there is no such thing' }))
  file.once('open', () => {
    response.setHeader('content-type', contentTypes[extname(name)] ?? 'application/octet-stream')
    response.setHeader('content-encoding', takesBrotli ? 'br' : 'gzip')
    response.setHeader('cache-control', 'public, max-age=31536000, immutable')
    file.pipe(response)
  })
}

async function takeOrder(shop: Inventory, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const visitor = request.headers.cookie ? visitorOf(request, shop.sessionKey) : 'guest'
  if (visitor === null) return reply(response, 403, { error: 'the session is not ours' })
  const wish = parseOrder(await bodyOf(request))
  if (wish === null) return reply(response, 400, { error: 'expected {"product": 1, "quantity": 1}' })
  shop.release.saveOrder(shop.database, { ...wish, visitor })
  reply(response, 201, { version: shop.version, ordered: wish.quantity })
}

function tellHealth(shop: Inventory, response: ServerResponse): void {
  const schema = Number(shop.database.prepare('pragma user_version').get()?.user_version)
  const outdated = schema < shop.schema ? `schema ${schema} is older than ${shop.schema}` : null
  const problem = outdated ?? shop.release.problem?.() ?? null
  reply(response, problem === null ? 200 : 503, { version: shop.version, schema, problem })
}

/** Empty when it is longer than any order. */
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
    const isSound = Number.isInteger(product) && Number.isInteger(quantity) && quantity > 0 && quantity < 100
    return isSound ? { product, quantity, gift: gift === true } : null
  } catch {
    return null
  }
}
