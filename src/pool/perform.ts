/** What a worker does with a job, wherever the worker is. */
import { messageOf } from '../errors.ts'
import { type Fault, faultOf } from './faults.ts'
import type { JobContext, JobFunction } from './words.ts'

/** A worker cannot forget a module, so that this holds nothing that would not be held anyway. */
const modules = new Map<string, Readonly<Record<string, unknown>>>()

class Misnamed extends Error {}

/** The export, at once when its module is loaded. @throws Misnamed when there is no such function. */
export function findFunction(module: string, exportName: string): JobFunction | Promise<JobFunction> {
  const loaded = modules.get(module)
  return loaded === undefined ? load(module, exportName) : pick(loaded, module, exportName)
}

/** That this file asked for it is no news to anybody. */
const whyNotLoaded = (error: unknown): string =>
  messageOf(error).replace(` imported from ${import.meta.filename}`, '')

async function load(module: string, exportName: string): Promise<JobFunction> {
  let loaded: Readonly<Record<string, unknown>>
  try {
    loaded = await import(module)
  } catch (error) {
    throw new Misnamed(`${module} cannot be loaded: ${whyNotLoaded(error)}`, { cause: error })
  }
  modules.set(module, loaded)
  return pick(loaded, module, exportName)
}

function pick(loaded: Readonly<Record<string, unknown>>, module: string, exportName: string): JobFunction {
  const exported = loaded[exportName]
  if (typeof exported === 'function') return exported as JobFunction
  const found = exported === undefined ? 'nothing' : `a ${typeof exported}`
  throw new Misnamed(`${module} exports ${found} as "${exportName}", expected a function`)
}

export function faultOfCall(thrown: unknown): Fault {
  return faultOf(thrown, thrown instanceof Misnamed ? 'CALL_NOT_FOUND' : 'CALL_FAILED')
}

const logLine = (line: string): void => console.log(line)

/** Made for every call, so that what most functions do not ask for is made when they ask. */
export class Context implements JobContext {
  #stop: AbortController | undefined
  #stopped: { readonly reason: unknown } | undefined
  /** Moved, not copied, to the caller. */
  moved: ArrayBuffer[] | undefined

  get signal(): AbortSignal {
    if (this.#stop === undefined) {
      this.#stop = new AbortController()
      if (this.#stopped) this.#stop.abort(this.#stopped.reason)
    }
    return this.#stop.signal
  }

  get env(): Readonly<Record<string, string>> {
    return process.env as Record<string, string>
  }

  get log(): (line: string) => void {
    return logLine
  }

  get transfer(): (...buffers: readonly ArrayBuffer[]) => void {
    return (...buffers) => {
      this.moved = [...(this.moved ?? []), ...buffers]
    }
  }

  stop(): void {
    this.#stopped ??= { reason: new Error('the task is to stop') }
    this.#stop?.abort(this.#stopped.reason)
  }
}

/** Until the returned function is called, these are all the variables of this worker. */
export function replaceEnvironment(variables: Readonly<Record<string, string>>): () => void {
  const before = { ...process.env }
  setEnvironment(variables)
  return () => setEnvironment(before)
}

function setEnvironment(variables: Readonly<NodeJS.ProcessEnv>): void {
  for (const name of Object.keys(process.env)) if (!Object.hasOwn(variables, name)) delete process.env[name]
  for (const [name, value] of Object.entries(variables))
    if (process.env[name] !== value) process.env[name] = value
}

/** How many things keep this worker's event loop busy: timers, sockets, files, children. */
export function countRunning(): number {
  let running = 0
  for (const kind of process.getActiveResourcesInfo()) if (kind !== 'Immediate') running += 1
  return running
}
