/** Many processes take and give back one lock, while some of them are stopped for a while or killed. */
import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Contenders } from './contenders.ts'

/** How many processes, and for how long. */
export const crowdSize = 10
const lastsMs = 20_000
const task = { environment: 'crowd', holdMs: 30, pauseMs: 60 } as const

export type Disturbed = { readonly kills: number; readonly stops: number }

export async function crowd(contenders: Contenders): Promise<Disturbed> {
  const endsAtMs = performance.now() + lastsMs
  const start = (): ChildProcess =>
    contenders.start({ ...task, lastsMs: Math.max(1, Math.round(endsAtMs - performance.now())) })
  const all = Array.from({ length: crowdSize }, start)
  let kills = 0
  let stops = 0
  while (performance.now() < endsAtMs - 2_000) {
    await sleep(100 + Math.random() * 300)
    const index = victim(all, contenders)
    const child = all[index]
    if (child === undefined) continue
    if (stops > 2 * kills) {
      kills += 1
      child.kill('SIGKILL')
      all[index] = start()
    } else {
      stops += 1
      await contenders.stop(child)
      await sleep(20 + Math.random() * 1_000)
      child.kill('SIGCONT')
    }
  }
  await contenders.allEnded()
  return { kills, stops }
}

/** Every other time the one that took the lock last, as it holds it most likely. */
function victim(all: readonly ChildProcess[], { last }: Contenders): number {
  const holder = last !== null && Math.random() < 0.5 ? all.indexOf(last) : -1
  return holder >= 0 ? holder : Math.floor(Math.random() * all.length)
}
