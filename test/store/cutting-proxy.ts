/** Stands between a client and a server, and cuts connections at chosen moments of a commit. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** The commit reaches the server and its answer nobody; or the commit itself is lost. */
export type Cut = 'answer' | 'commit'

const commit = Buffer.from('commit\0')

export class CuttingProxy implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #serverPort: number
  /** What to do with the next commits, in order; null lets one through. */
  cuts: (Cut | null)[] = []
  cutsMade = 0

  static async start(serverPort: number, port = 0): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(serverPort)
    proxy.#server.listen(port, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  private constructor(serverPort: number) {
    this.#serverPort = serverPort
    this.#server = createServer((client) => this.#join(client))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Of the server's URL, the one that leads through here. */
  through(url: string): string {
    return url.replace(`:${this.#serverPort}/`, `:${this.port}/`)
  }

  #join(client: Socket): void {
    const server = connect(this.#serverPort, '127.0.0.1')
    let answersAreLost = false
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket))
    }
    client.on('data', (bytes) => {
      const cut = bytes.includes(commit) ? (this.cuts.shift() ?? null) : null
      if (cut !== null) this.cutsMade += 1
      if (cut === 'commit') client.destroy()
      else server.write(bytes)
      answersAreLost ||= cut === 'answer'
    })
    server.on('data', (bytes) => {
      if (answersAreLost) client.destroy()
      else client.write(bytes)
    })
    client.on('close', () => server.destroy())
    server.on('close', () => client.destroy())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
