import type { Clock } from '../clock.ts'
import { checkNames } from '../option-names.ts'
import { type Job, openPool, type Pool, type PoolOptions } from '../pool/pool.ts'
import type { CallOptions } from './words.ts'

type CallParts = CallOptions & {
  readonly signal: AbortSignal
  /** Memory of the process that it runs in, in bytes. */
  readonly observe?: (bytes: number) => void
}

const names: Readonly<Record<keyof CallParts, true>> = {
  kind: true,
  limitBytes: true,
  signal: true,
  observe: true,
}
const callNames = Object.keys(names)

/** The threads and processes of an executor; none is started before the first call. */
export class Workers implements AsyncDisposable {
  readonly #options: PoolOptions
  #pool: Pool | null = null

  constructor(
    options: Pick<PoolOptions, 'maxWorkersThread' | 'maxWorkersProcess'> & { readonly clock: Clock },
  ) {
    this.#options = options
  }

  readonly call = async (job: Job, options: CallParts): Promise<unknown> => {
    checkNames('call', options, callNames)
    const { kind = 'cpu', limitBytes, signal, observe } = options
    this.#pool ??= openPool(this.#options)
    const result = await this.#pool.run(job, {
      kind,
      signal,
      ...(limitBytes !== undefined && { limitBytes }),
      ...(observe && { onMemory: observe }),
    })
    return result.value
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool?.[Symbol.asyncDispose]()
  }
}
