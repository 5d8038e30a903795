/** Several engines that want one lock, each with clocks of its own, in a time that passes when it is told to. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../src/clock.ts'
import { PlimsollError } from '../../src/errors.ts'
import { type Lease, takeLock } from '../../src/journal/journal.ts'
import type { Store } from '../../src/store/store.ts'

const stepMs = 250

/** What an engine sees of time. It stands still for it while it is stopped, and its wall clock can be set. */
class OwnClock implements Clock {
  readonly #rate: number
  #monotonicMs = 0
  #uptimeMs = 0
  #wallMs: number
  readonly #sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>()
  readonly #tickers = new Set<{ readonly ms: number; nextMs: number; readonly callback: () => void }>()
  #state: 'awake' | 'stopped' | 'asleep' | 'crashed' = 'awake'

  constructor(rate: number, wallMs: number) {
    this.#rate = rate
    this.#wallMs = wallMs
  }

  get isAwake(): boolean {
    return this.#state === 'awake'
  }

  /** `stopped`: nothing runs, the clocks go on. `asleep`: the machine sleeps, and the monotonic clock with it. */
  become(state: 'awake' | 'stopped' | 'asleep' | 'crashed'): void {
    if (this.#state === 'crashed') return
    this.#state = state
    this.#fireDue()
  }

  now = (): number => this.#wallMs
  monotonic = (): number => this.#monotonicMs
  uptime = (): number => this.#uptimeMs

  jump(ms: number): void {
    this.#wallMs += ms
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    return new Promise((resolve, reject) => {
      const sleeper = { atMs: this.#monotonicMs + ms, wake: resolve }
      this.#sleepers.add(sleeper)
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
  }

  every(ms: number, callback: () => void): Disposable {
    const ticker = { ms, nextMs: this.#monotonicMs + ms, callback }
    this.#tickers.add(ticker)
    return { [Symbol.dispose]: () => void this.#tickers.delete(ticker) }
  }

  pass(ms: number): void {
    this.#wallMs += ms * this.#rate
    this.#uptimeMs += ms * this.#rate
    if (this.#state !== 'asleep') this.#monotonicMs += ms * this.#rate
    this.#fireDue()
  }

  #fireDue(): void {
    if (!this.isAwake) return
    for (const ticker of [...this.#tickers].filter(({ nextMs }) => nextMs <= this.#monotonicMs)) {
      ticker.nextMs = this.#monotonicMs + ticker.ms
      ticker.callback()
    }
    for (const sleeper of [...this.#sleepers].filter(({ atMs }) => atMs <= this.#monotonicMs)) {
      this.#sleepers.delete(sleeper)
      sleeper.wake()
    }
  }
}

export class Contender {
  readonly clock: OwnClock
  readonly #name: string
  readonly #store: Store
  readonly #world: World
  #cut: PromiseWithResolvers<void> | null = null
  #wants: AbortController | null = null
  lease: Lease | null = null

  constructor(name: string, clock: OwnClock, world: World) {
    this.#name = name
    this.clock = clock
    this.#world = world
    const { store } = world
    const reach = <Result>(call: () => Promise<Result>): Promise<Result> =>
      this.#cut ? this.#cut.promise.then(() => world.doing(call())) : world.doing(call())
    this.#store = {
      kind: store.kind,
      write: (statements) => reach(() => store.write(statements)),
      read: (sql, parameters) => reach(() => store.read(sql, parameters)),
      stream: (sql, parameters) => store.stream(sql, parameters),
      giveBack: () => store.giveBack(),
      log: () => store.log(),
      [Symbol.asyncDispose]: async () => undefined,
    }
  }

  /** It believes so and can act on it. */
  get holds(): boolean {
    return this.clock.isAwake && this.lease?.isHeld === true
  }

  want(): void {
    if (this.#wants !== null || !this.clock.isAwake) return
    const wants = new AbortController()
    this.#wants = wants
    const engine = { pid: 1, startTicks: 1, bootId: 'another machine', token: this.#name }
    const wish = { plan: 'shop', environment: null, runId: this.#name, host: this.#name, engine }
    void takeLock(this.#store, { ...wish, clock: this.clock, signal: wants.signal, waitMs: 1e9 }).then(
      (lease) => {
        this.lease = lease
        this.#world.takings.push(lease.fence.number)
        lease.killSignal.addEventListener('abort', () => this.#forget(wants))
      },
      () => this.#forget(wants),
    )
  }

  #forget(wants: AbortController): void {
    if (this.#wants === wants) this.#wants = null
  }

  giveBack(): void {
    if (!this.clock.isAwake || this.lease === null) return
    void this.lease[Symbol.asyncDispose]()
    this.lease = null
    this.#wants = null
  }

  /** What it asks of the store meanwhile arrives when it is reachable again, or not at all. */
  cut(): void {
    this.#cut ??= Promise.withResolvers()
    this.#cut.promise.catch(() => undefined)
  }

  reach(arrives: boolean): void {
    if (arrives) this.#cut?.resolve()
    else this.#cut?.reject(new PlimsollError('STORE_FAILED', 'the store was away'))
    this.#cut = null
  }
}

export class World {
  readonly store: Store
  readonly contenders: readonly Contender[]
  /** Fences in the order in which they were given out. */
  readonly takings: number[] = []
  #busy = 0

  constructor(store: Store, clocks: readonly { readonly rate: number; readonly wallMs: number }[]) {
    this.store = store
    this.contenders = clocks.map(
      ({ rate, wallMs }, index) => new Contender(`engine ${index}`, new OwnClock(rate, wallMs), this),
    )
  }

  doing<Result>(promise: Promise<Result>): Promise<Result> {
    this.#busy += 1
    return promise.finally(() => {
      this.#busy -= 1
    })
  }

  /** Lets time go by; `look` is called whenever something may have changed. */
  async pass(ms: number, look: () => void): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
      for (const { clock } of this.contenders) clock.pass(stepMs)
      await this.settle()
      look()
    }
  }

  /** Until nothing waits for the store. */
  async settle(): Promise<void> {
    do for (let round = 0; round < 3; round += 1) await turn()
    while (this.#busy > 0)
  }
}
