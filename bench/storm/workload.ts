/** Random task sets, the same for everyone who is given the same seed. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../measure.ts'

export type Eater = {
  readonly name: string
  readonly peakMib: number
  readonly rampMs: number
  readonly durationMs: number
}

const eaterProgram = join(root, 'bench/storm/eater.pl')

/** Peaks of 20 to 250 MiB with a heavy tail (Pareto, index 1.2), 0.3 to 1.5 s, of which a fifth to four fifths grow. */
export function storm(tasks: number, seed: number): readonly Eater[] {
  const random = mulberry32(seed * 7919 + tasks)
  return Array.from({ length: tasks }, (_, index) => {
    const peakMib = Math.round(Math.min(250, 20 / (1 - random()) ** (1 / 1.2)))
    const durationMs = Math.round(300 + 1_200 * random())
    const rampMs = Math.round(durationMs * (0.2 + 0.6 * random()))
    return { name: `t${index}`, peakMib, rampMs, durationMs }
  })
}

/** Writes what each task is to do, and gives the words that do it: the same words whatever it is. */
export function taskWords(folder: string, tasks: readonly Eater[]): ReadonlyMap<string, readonly string[]> {
  mkdirSync(folder, { recursive: true })
  return new Map(
    tasks.map(({ name, peakMib, rampMs, durationMs }) => {
      const file = join(folder, `${name}.task`)
      writeFileSync(file, `${peakMib} ${rampMs} ${durationMs}\n`)
      return [name, ['perl', eaterProgram, file]]
    }),
  )
}

/** No schedule can be shorter: the area of all tasks over the room that there is. In milliseconds. */
export function areaBoundMs(tasks: readonly Eater[], roomBytes: number): number {
  const area = tasks.reduce((sum, { peakMib, durationMs }) => sum + peakMib * 2 ** 20 * durationMs, 0)
  return area / roomBytes
}

/** A small generator of even quality for its size (Tommy Ettinger, public domain): 32 bits of state. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
