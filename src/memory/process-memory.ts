/** Resident memory of one process, now and at its greatest. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type KeptFile, keepFile, textOf } from './kept-file.ts'

type MemoryOfProcess = { readonly residentBytes: number; readonly peakBytes: number }

/**
 * Through descriptors that stay open if there may be more: 7 us a reading instead of 15, and 3 us of a process that has
 * had no page fault since. Descriptors belong to the process, not to its pid: after the end a reading fails, even when
 * the pid is in use again.
 */
export class ProcessMemory implements Disposable {
  readonly #path: string
  readonly #status: KeptFile | undefined
  readonly #stat: KeptFile | undefined
  #seen: MemoryOfProcess | undefined
  /** As they were when that was seen. */
  #line = ''
  #pages = ''

  constructor(root: string, pid: number, mayKeep: boolean) {
    const folder = join(root, 'proc', String(pid))
    this.#path = join(folder, 'status')
    this.#status = mayKeep ? keepFile(this.#path) : undefined
    this.#stat = mayKeep ? keepFile(join(folder, 'stat')) : undefined
  }

  /** Undefined when the process has ended, zombies included. */
  read(): MemoryOfProcess | undefined {
    if (this.#status === undefined) {
      using once = keepFile(this.#path)
      return once && readStatus(once)
    }
    // Before the status: what comes between the two is found at the next reading.
    const line = textOf(this.#stat)
    if (line === this.#line && this.#pages !== '') return this.#seen
    const pages = pagesIn(line)
    if (pages === '' || pages !== this.#pages) this.#seen = readStatus(this.#status)
    this.#line = line
    this.#pages = pages
    return this.#seen
  }

  [Symbol.dispose](): void {
    this.#status?.[Symbol.dispose]()
    this.#stat?.[Symbol.dispose]()
  }
}

/**
 * While these stand the memory of a process has not grown: its page faults, minor and major, and its pages. Pages that it
 * gave back may be missing here (newer kernels count some of them by processor, 32 or twice the processors on each).
 * Empty for what has ended. The name, field 2 of proc(5), may contain parentheses: fields count from the last one.
 */
function pagesIn(text: string): string {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', 22)
  const [state = 'X', , , , , , , minor, , major] = fields
  return state === 'Z' || state === 'X' || fields.length < 22 ? '' : `${minor} ${major} ${fields[21]}`
}

function readStatus(file: KeptFile): MemoryOfProcess | undefined {
  try {
    const text = file.read()
    const match = /^VmHWM:\s+(\d{1,12}) kB\nVmRSS:\s+(\d{1,12}) kB$/m.exec(text)
    return match === null
      ? undefined
      : { peakBytes: Number(match[1]) * 1024, residentBytes: Number(match[2]) * 1024 }
  } catch {
    return undefined // ESRCH: it has ended
  }
}

/**
 * From now on the greatest memory of this process is what it uses now. False where the kernel cannot do that, or the
 * process has ended; true where there is no /proc, and so nothing to forget.
 */
export function forgetPeak(pid: number, root = '/'): boolean {
  try {
    writeFileSync(join(root, 'proc', String(pid), 'clear_refs'), '5')
    return true
  } catch {
    return !existsSync(join(root, 'proc/self/stat'))
  }
}
