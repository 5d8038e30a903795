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

type Start = Pick<TaskContext, 'reservedBytes' | 'requeues'>

/** What a task gets when it starts. Its functions are made when it asks for them: most tasks ask for one or none. */
export class StartedContext implements TaskContext {
  readonly signal: AbortSignal
  readonly reservedBytes: number
  readonly waits: Waits
  readonly requeues: number
  readonly #running: RunningTask
  readonly #host: ContextHost

  constructor({ reservedBytes, requeues }: Start, waits: Waits, running: RunningTask, host: ContextHost) {
    this.signal = host.signal
    this.reservedBytes = reservedBytes
    this.waits = waits
    this.requeues = requeues
    this.#running = running
    this.#host = host
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
      if (control !== null) this.#host.places.watch()
    }
  }

  get finished(): () => void {
    return () => this.#host.places.free(this.#running)
  }
}
