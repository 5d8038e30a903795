import type { TaskControl } from '../spine.ts'
import type { Places } from './places.ts'
import type { RunningTask } from './running.ts'
import type { Waits } from './wait-clock.ts'
import type { Call, TaskContext } from './words.ts'
import type { Workers } from './workers.ts'

/** What all tasks of one execution are given alike. */
export type ContextHost = {
  readonly signal: AbortSignal
  readonly call: Workers['call']
  readonly places: Pick<Places, 'free' | 'watch'>
}

/** What a task gets when it starts. Its functions are made when it asks for them: most tasks ask for one or none. */
export class StartedContext implements TaskContext {
  readonly #running: RunningTask
  readonly #host: ContextHost

  constructor(running: RunningTask, host: ContextHost) {
    this.#running = running
    this.#host = host
  }

  get signal(): AbortSignal {
    return this.#host.signal
  }

  get reservedBytes(): number {
    return this.#running.waiting.reservedBytes
  }

  get waits(): Waits {
    return this.#running.waiting.waits
  }

  get requeues(): number {
    return this.#running.waiting.requeues
  }

  get call(): Call {
    const { call, signal } = this.#host
    return (job, how) => call(job, { ...how, signal, observe: this.observe })
  }

  get observe(): (bytes: number) => void {
    return (bytes) => this.#running.observe(bytes)
  }

  get control(): (control: TaskControl | null) => void {
    return (control) => {
      this.#running.control = control
      if (control !== null) this.#host.places.watch(this.#running)
    }
  }

  get finished(): () => void {
    return () => this.#host.places.free(this.#running)
  }
}
