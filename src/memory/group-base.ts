/** The control group of one engine: those of its tasks are made inside. */
import { accessSync, constants, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemCodeOf } from '../errors.ts'
import { taskGroupFiles } from './group-files.ts'
import { type GroupPlace, pidsIn } from './group-place.ts'
import { readProcessStat } from './process-stat.ts'
import { removeGroup } from './task-group.ts'

/** Two runs of one process have each their own. */
let made = 0

export class GroupBase implements Disposable {
  readonly directory: string
  readonly #place: GroupPlace
  /** Where this process went, when it had to leave the group that the base is in. */
  readonly #leaf: string

  /** Throws the system error where the groups cannot be made. */
  constructor(place: GroupPlace) {
    made += 1
    const { startTicks = 0 } = readProcessStat('/', process.pid) ?? {}
    this.#place = place
    this.directory = join(place.directory, `plimsoll-${process.pid}-${startTicks}-${made}`)
    this.#leaf = `${this.directory}-engine`
    removeLeftovers(place.directory)
    try {
      if (place.before.includes('move')) moveAll(place.directory, this.#leaf)
      if (place.before.includes('enable')) handOn(place.directory, '+memory')
      mkdirSync(this.directory)
      accessSync(join(this.directory, taskGroupFiles[place.kind].limit), constants.W_OK)
      if (place.kind === 'v2') handOn(this.directory, '+memory')
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  /** Puts everything back as it was, as far as nobody else uses it by now. */
  [Symbol.dispose](): void {
    removeGroup(this.directory)
    if (!this.#place.before.includes('move')) return
    try {
      handOn(this.#place.directory, '-memory')
      for (const pid of pidsIn(this.#leaf)) moveTo(this.#place.directory, pid)
    } catch {
      return // another run of this process still has groups there
    }
    removeGroup(this.#leaf)
  }
}

function moveAll(from: string, to: string): void {
  mkdirSync(to)
  for (const pid of pidsIn(from)) moveTo(to, pid)
}

function moveTo(directory: string, pid: number): void {
  try {
    writeFileSync(join(directory, 'cgroup.procs'), String(pid))
  } catch (error) {
    if (systemCodeOf(error) !== 'ESRCH') throw error
  }
}

const handOn = (directory: string, controller: '+memory' | '-memory'): void =>
  writeFileSync(join(directory, 'cgroup.subtree_control'), controller)

/** Groups of engines that were killed: those that are empty by now. What still runs in one keeps it. */
function removeLeftovers(directory: string): void {
  for (const name of readdirSync(directory)) {
    const [, pid, startTicks] = /^plimsoll-(\d{1,9})-(\d{1,18})-\d{1,9}(?:-engine)?$/.exec(name) ?? []
    if (pid === undefined || readProcessStat('/', Number(pid))?.startTicks === Number(startTicks)) continue
    removeGroup(join(directory, name))
  }
}
