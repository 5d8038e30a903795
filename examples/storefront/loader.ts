/**
 * Customers: each opens the page, reads one of its files, places an order, and again, over one kept connection.
 *
 *     node loader.ts URL [SECONDS] [CUSTOMERS]
 *
 * Any answer but the expected one is a failure; nothing is tried twice. After SECONDS, or on SIGTERM, each customer
 * comes once more; then what was counted is printed as one line of JSON.
 */
import { once } from 'node:events'
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request as open } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliDecompressSync } from 'node:zlib'

/** With a connection and a session of its own. */
type Customer = { readonly agent: Agent; readonly slowMs: number; cookie: string }
type Wish = { readonly path: string; readonly order?: string }
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
console.error(`${count} customers go to ${url}`)
const seen = await Promise.all(
  Array.from({ length: count }, (_, index) => shop(index % 4 === 0 ? slowOrderMs : 0)),
)
// One customer asks for one thing after the other, so what each saw is in order; who saw most changes missed none.
const versions = seen.reduce((most, one) => (one.length > most.length ? one : most), [])
console.log(JSON.stringify({ ...total, versions, failures }))

/** One customer. Returns the versions it met, in order: as many as there were switches. */
async function shop(slowMs: number): Promise<readonly string[]> {
  const customer = { agent: new Agent({ keepAlive: true, maxSockets: 1 }), slowMs, cookie: '' }
  const met: string[] = []
  let isLastVisit = false
  while (!isLastVisit) {
    isLastVisit = end.aborted
    try {
      const version = await visit(customer)
      if (met.at(-1) !== version) met.push(version)
    } catch (error) {
      total.failed += 1
      if (failures.length < failuresKept) failures.push(String(error))
    }
    await sleep(pauseMs)
  }
  customer.agent.destroy()
  return met
}

async function visit(customer: Customer): Promise<string> {
  const page = await ask(customer, { path: '/' })
  const version = String(page.headers['x-release'])
  customer.cookie = page.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  const path = page.body.match(/\/assets\/\w+\/shop\.css/)?.[0] ?? '/no-style-in-this-page'
  const style = await ask(customer, { path })
  if (!style.body.startsWith(`/* storefront ${version} */`)) throw new Error(`${path} is not of ${version}`)
  await ask(customer, { path: '/orders', order: JSON.stringify({ product: 1, quantity: 1 }) })
  total.orders += 1
  return version
}

async function ask({ agent, cookie, slowMs }: Customer, { path, order }: Wish): Promise<Answer> {
  total.requests += 1
  const headers = { 'accept-encoding': 'br', ...(cookie && { cookie }) }
  const request = open(`${url}${path}`, { agent, method: order ? 'POST' : 'GET', headers })
  // The listener for the answer comes first: a server may answer before it has read everything.
  const answered = once(request, 'response')
  // After the answer has begun, its body tells when it breaks off.
  request.on('error', () => {})
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
