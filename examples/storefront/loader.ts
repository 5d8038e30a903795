/**
 * Customers: each opens the page, reads one of its files, places an order, and again, over one kept connection.
 *
 *     node loader.ts URL [SECONDS] [CUSTOMERS]
 *
 * Any answer but the expected one is a failure; nothing is tried twice. At the end, or on SIGTERM as soon as the
 * requests under way are over, it prints what it counted, as JSON.
 */
import { once } from 'node:events'
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request as open } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliDecompressSync } from 'node:zlib'

type Wish = {
  readonly path: string
  readonly cookie?: string
  readonly order?: string
  readonly slowMs?: number
}
type Answer = { readonly headers: IncomingHttpHeaders; readonly body: string }

const [url = 'http://127.0.0.1:8080', seconds = '30', customers = '8'] = process.argv.slice(2)
const pauseMs = 5
/** Every fourth customer takes this long to send an order, so that a switch meets requests under way. */
const slowOrderMs = 150
/** Of the failures the first few are told. */
const failuresKept = 10

const total = { requests: 0, failed: 0, orders: 0, connections: 0 }
const failures: string[] = []
const told = new AbortController()
const end = AbortSignal.any([told.signal, AbortSignal.timeout(Math.min(Number(seconds), 600) * 1_000)])
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => told.abort())

const count = Math.min(Number(customers), 100)
const seen = await Promise.all(
  Array.from({ length: count }, (_, index) => shop(index % 4 === 0 ? slowOrderMs : 0)),
)
// One customer asks for one thing after the other, so what each saw is in order; who saw most changes missed none.
const versions = seen.reduce((most, one) => (one.length > most.length ? one : most), [])
console.log(JSON.stringify({ ...total, versions, failures }))

/** One customer. Returns the versions it met, in order: as many as there were switches. */
async function shop(slowMs: number): Promise<readonly string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const met: string[] = []
  while (!end.aborted) {
    try {
      const version = await visit(agent, slowMs)
      if (met.at(-1) !== version) met.push(version)
    } catch (error) {
      total.failed += 1
      if (failures.length < failuresKept) failures.push(String(error))
    }
    await sleep(pauseMs)
  }
  agent.destroy()
  return met
}

async function visit(agent: Agent, slowMs: number): Promise<string> {
  const page = await ask(agent, { path: '/' })
  const version = String(page.headers['x-release'])
  const path = page.body.match(/\/assets\/\w+\/shop\.css/)?.[0] ?? '/no-style-in-this-page'
  const style = await ask(agent, { path })
  if (!style.body.startsWith(`/* storefront ${version} */`))
    throw new Error(`${path} is not the one of ${version}`)
  const cookie = page.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  await ask(agent, { path: '/orders', cookie, order: JSON.stringify({ product: 1, quantity: 1 }), slowMs })
  total.orders += 1
  return version
}

async function ask(agent: Agent, { path, cookie, order, slowMs = 0 }: Wish): Promise<Answer> {
  total.requests += 1
  const headers = { 'accept-encoding': 'br', ...(cookie && { cookie }) }
  const request = open(`${url}${path}`, { agent, method: order ? 'POST' : 'GET', headers })
  // The listener for the answer comes first: a server may answer before it has read everything.
  const answered = once(request, 'response')
  if (order && slowMs > 0) {
    request.write(order.slice(0, 5))
    await Promise.race([sleep(slowMs), answered])
    request.end(order.slice(5))
  } else request.end(order)

  const [response]: IncomingMessage[] = await answered
  if (!response) throw new Error('no answer')
  const bytes = await buffer(response)
  if (!request.reusedSocket) total.connections += 1
  const body = String(response.headers['content-encoding'] === 'br' ? brotliDecompressSync(bytes) : bytes)
  const status = response.statusCode ?? 0
  if (status < 200 || status > 299)
    throw new Error(`${request.method} ${path}: ${status} ${body.slice(0, 200)}`)
  return { headers: response.headers, body }
}
