/**
 * The life of a release: it listens, answers, and when it is told to stop it first answers everyone who is inside.
 *
 * Environment: LISTEN_PORT (on loopback; customers come through the front door), DATA, SESSION_KEY.
 */
import { createServer, type Server } from 'node:http'
import { listenForCommands, releaseSocket } from './control.ts'
import { openShop, type Release, reply } from './shop.ts'

/** Requests that are under way at the end get this long, in milliseconds. */
const longestGoodbyeMs = 8_000

export async function serve(release: Release): Promise<void> {
  const { LISTEN_PORT = '', DATA = '', SESSION_KEY = '' } = process.env
  if (!LISTEN_PORT || !DATA || !SESSION_KEY) throw new Error('LISTEN_PORT, DATA and SESSION_KEY must be set')
  const shop = openShop(release, { data: DATA, sessionKey: SESSION_KEY })

  const server = createServer(async (request, response) => {
    response.setHeader('x-release', shop.version)
    // Told to close, a kept connection is given up in peace; cut, it may take a request with it.
    if (!server.listening) response.setHeader('connection', 'close')
    try {
      await shop.answer(request, response)
    } catch (error) {
      console.error(error)
      reply(response, 500, { error: 'this is our mistake' })
    }
  })
  server.listen(Number(LISTEN_PORT), '127.0.0.1')
  await new Promise((listening, failed) => server.once('listening', listening).once('error', failed))
  await listenForCommands(releaseSocket(DATA, LISTEN_PORT), { stop: () => stop(server) })
  process.once('SIGTERM', () => void stop(server))
  console.log(`${shop.version} listens on http://127.0.0.1:${LISTEN_PORT}`)
}

function stop(server: Server): Promise<never> {
  server.close(() => process.exit(0))
  setTimeout(() => server.closeAllConnections(), longestGoodbyeMs).unref()
  return new Promise(() => {})
}
