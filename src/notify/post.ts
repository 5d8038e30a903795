import type { ClientRequest, IncomingMessage } from 'node:http'

/** More of an answer is not read, in bytes: only its status counts. */
const mostAnswerBytes = 64 * 1024

export type Answer = { readonly status: number }

export type PostOptions = {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal
}

/** One request on a connection of its own; a redirect is an answer. @throws why there was none; the signal's reason. */
export async function post(url: URL, options: PostOptions): Promise<Answer> {
  const { body, signal } = options
  try {
    // Loaded when the first receiver is told: it costs 17 MB.
    const { request: send } =
      url.protocol === 'https:' ? await import('node:https') : await import('node:http')
    const length = Buffer.byteLength(body)
    const headers = { ...options.headers, 'content-length': `${length}` }
    return await answerOf(send(url, { method: 'POST', headers, agent: false, signal }), body)
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  }
}

function answerOf(request: ClientRequest, body: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  request.once('error', reject)
  request.once('close', () => reject(new Error('the connection was closed without an answer')))
  request.once('upgrade', (response, socket) => {
    socket.destroy()
    resolve({ status: response.statusCode ?? 0 })
  })
  request.once('response', (response) => {
    drain(response).then(() => resolve({ status: response.statusCode ?? 0 }), reject)
  })
  request.end(body)
  return promise
}

async function drain(response: IncomingMessage): Promise<void> {
  let size = 0
  for await (const chunk of response) {
    size += (chunk as Uint8Array).length
    if (size >= mostAnswerBytes) return
  }
}
