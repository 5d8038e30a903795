/** How many processes the kernel has killed for want of memory: around us, or else anywhere on the machine. */
import { join } from 'node:path'
import { groupChains } from './group-chains.ts'
import { taskGroupFiles } from './group-files.ts'
import { type KeptFile, keepFile } from './kept-file.ts'
import { textOf } from './text-file.ts'

type Counter = { readonly where: 'here' | 'machine'; readonly file: KeptFile; readonly pattern: RegExp }

export class KernelKills implements Disposable {
  readonly #counter: Counter | undefined

  constructor(root = '/') {
    this.#counter = groupCounter(root) ?? machineCounter(root)
  }

  /** `here`: the control group of this process counts them. `machine`: all are counted, those of strangers too. */
  get where(): 'here' | 'machine' | null {
    return this.#counter?.where ?? null
  }

  /** So far; 0 where nothing counts them. What has a group of its own is not counted `here`. */
  count(): number {
    return this.#counter === undefined ? 0 : countIn(this.#counter)
  }

  [Symbol.dispose](): void {
    this.#counter?.file[Symbol.dispose]()
  }
}

function groupCounter(root: string): Counter | undefined {
  const text = (path: string): string => textOf(join(root, path))
  for (const { kind, directories } of groupChains(text('proc/self/cgroup'), text('proc/self/mountinfo'))) {
    const { file: name, pattern } = taskGroupFiles[kind].kills
    const file = keepFile(join(root, directories[0] ?? '', name))
    if (file !== undefined && pattern.test(file.read())) return { where: 'here', file, pattern }
    file?.[Symbol.dispose]()
  }
  return undefined
}

function machineCounter(root: string): Counter | undefined {
  const file = keepFile(join(root, 'proc/vmstat'))
  return file && { where: 'machine', file, pattern: /^oom_kill (\d{1,16})$/m }
}

function countIn({ file, pattern }: Counter): number {
  try {
    return Number(pattern.exec(file.read())?.[1] ?? 0)
  } catch {
    return 0 // this process was moved, and its old group removed
  }
}
