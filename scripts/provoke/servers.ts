/** Servers on loopback that fail as they are asked to. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PostgresServer, password } from '../../test/store/postgres-server.ts'

export type Servers = AsyncDisposable & {
  readonly variables: Readonly<Record<string, string>>
  readonly hasPostgres: boolean
  /** Host and port of each, as they stand in a log; the first group is the host. */
  readonly portsPattern: RegExp
}

/** `/404/x` answers 404, `/slow` does not answer. */
function answering(): Server {
  return createServer((request, response) => {
    const status = Number(/^\/(\d{3})\b/.exec(request.url ?? '')?.[1])
    if (!(status >= 200)) return
    if (status === 401) response.setHeader('www-authenticate', 'Basic realm="shop"')
    response.writeHead(status, { 'content-type': 'text/plain' }).end(`status ${status}\n`)
  })
}

export async function openServers(): Promise<Servers> {
  const dir = mkdtempSync(join(tmpdir(), 'provoke-tls-'))
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')]
  const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost']
  execFileSync('openssl', [...words, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const http = answering()
  const tls = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) })
  for (const server of [http, tls]) await once(server.listen(0, '127.0.0.1'), 'listening')
  const [httpPort, tlsPort] = [http, tls].map((server) => (server.address() as AddressInfo).port)
  const postgres = await PostgresServer.start().catch(() => null)
  const ports = [httpPort, tlsPort, ...(postgres ? [postgres.port] : [])]
  return {
    variables: {
      HTTP: `http://127.0.0.1:${httpPort}`,
      TLS: `https://localhost:${tlsPort}`,
      ...(postgres && { PG: `postgres://postgres@127.0.0.1:${postgres.port}`, PGPASSWORD: password }),
    },
    hasPostgres: postgres !== null,
    portsPattern: new RegExp(
      `(127\\.0\\.0\\.1|localhost)(?::|", port | port )(?:${ports.join('|')})\\b`,
      'g',
    ),
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections()
      http.close()
      tls.close()
      rmSync(dir, { recursive: true, force: true })
      await postgres?.[Symbol.asyncDispose]()
    },
  }
}
