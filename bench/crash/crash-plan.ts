/** A deployment of many small tasks whose effects are counted: each appends its name to one file. */

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const taskCount = 40

/** Every tenth task fails at first and is attempted again; every thirteenth is a function in a process. */
const failsFirst = (index: number): boolean => index % 10 === 7
const isFunction = (index: number): boolean => index % 13 === 5

export function crashPlan(random: () => number): string {
  const tasks = Array.from({ length: taskCount }, (_, index) => {
    const needs = [1, 2, 3].flatMap(() => (index > 4 && random() < 0.5 ? [Math.floor(random() * index)] : []))
    const seconds = (random() * 0.08).toFixed(3)
    return `  t${index}: { ${workOf(index, seconds)}, memory: 64MiB, needs: [${[...new Set(needs)].map((need) => `t${need}`).join(', ')}] }`
  })
  return `name: crash\ntasks:\n${tasks.join('\n')}\n`
}

function workOf(index: number, seconds: string): string {
  if (isFunction(index)) return `call: "./append.ts#append", in: process, with: { name: t${index} }`
  const first = failsFirst(index) ? `; test -e seen${index} || { touch seen${index}; exit 1; }` : ''
  const script = `echo t${index} >>count; sleep ${seconds}; echo "o=${index}" >>"$PLIMSOLL_OUTPUT"; echo done${first}`
  const retry = failsFirst(index) ? ', retry: { attempts: 2, delay: 20ms }' : ''
  return `run: ${JSON.stringify(script)}${retry}`
}

export const appendModule = `import { appendFileSync } from 'node:fs'
export async function append({ name }) {
  appendFileSync('count', name + '\\n')
  await new Promise((resolve) => setTimeout(resolve, 30))
  return { name }
}
`

/** How often each line must be in the file. */
export function expectedLines(): ReadonlyMap<string, number> {
  return new Map(
    Array.from({ length: taskCount }, (_, index) => [`t${index}`, failsFirst(index) ? 2 : 1] as const),
  )
}
