/** A real server on this machine that speaks the wire formats of the providers: what it says and how it fails is a script. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExpertSource } from '../../../src/plan/plan.ts'

export type Format = 'anthropic' | 'openai' | 'google' | 'compatible'
export const formats: readonly Format[] = ['anthropic', 'openai', 'google', 'compatible']

export type Script = {
  /** Another status than 200 is sent with `body` alone. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly texts?: Iterable<string> | AsyncIterable<string>
  /** How it ends. `cut`: the connection is closed; `ends`: it ends well, without a last word; `hangs`: never. */
  readonly end?: 'stop' | 'length' | 'cut' | 'ends' | 'error' | 'malformed' | 'hangs'
  /** Nothing is sent at all. */
  readonly isSilent?: boolean
  readonly isSlow?: boolean
}

export type Asked = {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export class ModelServer implements AsyncDisposable {
  readonly asked: Asked[] = []
  readonly sockets = new Set<Socket>()
  /** Bytes that were handed to the system. */
  sentBytes = 0
  mostAtOnce = 0
  #open = 0
  readonly #server = createServer((request, response) => void this.#answer(request, response))
  readonly #script: (asked: Asked, number: number) => Script

  constructor(script: (asked: Asked, number: number) => Script) {
    this.#script = script
    this.#server.on('connection', (socket) => {
      this.sockets.add(socket)
      socket.on('error', () => undefined)
      socket.once('close', () => this.sockets.delete(socket))
    })
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`
  }

  source(format: Format, given: Partial<ExpertSource> = {}): ExpertSource {
    const models = {
      anthropic: 'claude-sonnet-4-5',
      openai: 'gpt-5',
      google: 'gemini-3-pro',
      compatible: 'qwen3',
    }
    return {
      ...{
        name: format,
        provider: format,
        protocol: format,
        model: models[format],
        baseUrl: this.url,
        key: null,
      },
      ...{ maxOutputTokens: 1_000, timeoutMs: 20_000, price: { inputUsd: 1, outputUsd: 10 } },
      ...given,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const asked = {
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    }
    this.asked.push(asked)
    this.#open += 1
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#open)
    response.once('close', () => {
      this.#open -= 1
    })
    await this.#say(this.#script(asked, this.asked.length), formatOf(asked.path), response)
  }

  async #say(script: Script, format: Format, response: ServerResponse): Promise<void> {
    const { status = 200, headers = {}, body, texts = ['yes'], end = 'stop', isSilent, isSlow } = script
    if (isSilent) return
    if (body !== undefined || status !== 200) {
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(body ?? JSON.stringify({ error: { message: `status ${status}`, type: 'x' } }))
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream', ...headers })
    const words = wireWords[format]
    await this.#write(response, words.begin)
    for await (const text of texts) await this.#write(response, words.text(text), isSlow)
    if (end === 'stop' || end === 'length') await this.#write(response, words.finish(end))
    if (end === 'error') await this.#write(response, words.error)
    if (end === 'malformed') await this.#write(response, 'data: {"type": nonsense\n\n')
    // What is on its way is not lost with the connection.
    if (end === 'cut') await sleep(50)
    if (end === 'cut') response.destroy()
    else if (end !== 'hangs') response.end()
  }

  async #write(response: ServerResponse, text: string, isSlow = false): Promise<void> {
    for (const piece of isSlow ? text : [text]) {
      if (response.destroyed) return
      this.sentBytes += piece.length
      if (!response.write(piece)) await drained(response)
      if (isSlow) await new Promise(setImmediate)
    }
  }
}

/** Or closed. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go).off('close', go)
      resolve()
    }
    response.on('drain', go).on('close', go)
  })
}

function formatOf(path: string): Format {
  if (path.includes('/messages')) return 'anthropic'
  if (path.includes('/responses')) return 'openai'
  return path.includes('/chat/completions') ? 'compatible' : 'google'
}

type Words = {
  readonly begin: string
  readonly text: (text: string) => string
  readonly finish: (reason: 'stop' | 'length') => string
  readonly error: string
}

const event = (value: { readonly type: string }): string =>
  `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`
const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
const choice = (delta: object, reason: string | null): string =>
  data({
    ...{ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' },
    choices: [{ index: 0, delta, finish_reason: reason }],
  })

/** 100 tokens in and 50 out, in every format. */
const wireWords: Readonly<Record<Format, Words>> = {
  anthropic: {
    begin:
      event({
        type: 'message_start',
        message: {
          ...{ id: 'm', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null },
          ...{ stop_sequence: null, usage: { input_tokens: 100, output_tokens: 1 } },
        },
      } as never) +
      event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } } as never),
    text: (text) =>
      event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } } as never),
    finish: (reason) =>
      event({ type: 'content_block_stop', index: 0 } as never) +
      event({
        type: 'message_delta',
        delta: { stop_reason: reason === 'stop' ? 'end_turn' : 'max_tokens', stop_sequence: null },
        usage: { output_tokens: 50 },
      } as never) +
      event({ type: 'message_stop' }),
    error: event({ type: 'error', error: { type: 'api_error', message: 'broken inside' } } as never),
  },
  openai: {
    begin:
      event({ type: 'response.created', response: { id: 'r', created_at: 1, model: 'm' } } as never) +
      event({
        type: 'response.output_item.added',
        output_index: 0,
        item: { type: 'message', id: 'i', status: 'in_progress', role: 'assistant', content: [] },
      } as never),
    text: (delta) =>
      event({
        type: 'response.output_text.delta',
        item_id: 'i',
        output_index: 0,
        content_index: 0,
        delta,
      } as never),
    finish: (reason) =>
      event({
        type: reason === 'stop' ? 'response.completed' : 'response.incomplete',
        response: {
          ...(reason === 'length' && { incomplete_details: { reason: 'max_output_tokens' } }),
          usage: { input_tokens: 100, output_tokens: 50 },
        },
      } as never),
    error: event({
      type: 'error',
      sequence_number: 1,
      error: { type: 'x', code: 'server_error', message: 'broken inside', param: null },
    } as never),
  },
  google: {
    begin: '',
    text: (text) => data({ candidates: [{ content: { parts: [{ text }], role: 'model' }, index: 0 }] }),
    finish: (reason) =>
      data({
        candidates: [
          {
            content: { parts: [{ text: '' }], role: 'model' },
            finishReason: reason === 'stop' ? 'STOP' : 'MAX_TOKENS',
            index: 0,
          },
        ],
        usageMetadata: { promptTokenCount: 100, candidatesTokenCount: 50, totalTokenCount: 150 },
      }),
    error: data({ error: { code: 500, message: 'broken inside', status: 'INTERNAL' } }),
  },
  compatible: {
    begin: choice({ role: 'assistant', content: '' }, null),
    text: (content) => choice({ content }, null),
    finish: (reason) =>
      choice({}, reason) +
      data({
        ...{ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [] },
        usage: { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 },
      }) +
      'data: [DONE]\n\n',
    error: data({ error: { message: 'broken inside', type: 'server_error' } }),
  },
}
