import type { End } from './ended.ts'
import type { RunningTask } from './running.ts'
import type { TaskContext } from './words.ts'

type OnEnd<Value> = (end: End<Value>, running: RunningTask<Value>, caller: Caller<Value>) => void

/** Calls one task after another: the two functions that await an end are made once, not for each of them. */
export class Caller<Value> {
  readonly #onEnd: OnEnd<Value>
  /** Null while nothing runs: what a task held is let go. */
  #running: RunningTask<Value> | null = null

  constructor(onEnd: OnEnd<Value>) {
    this.#onEnd = onEnd
  }

  /** Not before the one before has ended. */
  call(running: RunningTask<Value>, context: TaskContext): void {
    this.#running = running
    void promised(running, context).then(this.#succeeded, this.#failed)
  }

  readonly #succeeded = (value: Value): void => this.#end({ status: 'succeeded', value })

  readonly #failed = (error: unknown): void => this.#end({ status: 'failed', error })

  #end(end: End<Value>): void {
    const running = this.#running as RunningTask<Value>
    this.#running = null
    this.#onEnd(end, running, this)
  }
}

/** What is thrown at once is told later, too. */
function promised<Value>({ task }: RunningTask<Value>, context: TaskContext): Promise<Value> {
  try {
    const value = task.run(context)
    return value instanceof Promise ? value : Promise.resolve(value)
  } catch (error) {
    return Promise.reject(error)
  }
}
