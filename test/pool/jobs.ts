/** Functions for workers to call. */
import { spawn } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'
import type { JobContext } from '../../src/pool/pool.ts'

export const nothing = (): void => undefined
export const echo = (argument: unknown): unknown => argument
export const where = (): { pid: number; threadId: number } => ({ pid: process.pid, threadId })

export async function rest(ms: number): Promise<{ pid: number; threadId: number }> {
  await new Promise((resolve) => setTimeout(resolve, ms))
  return where()
}

/** Until so many workers are here at once. */
export async function meet({ dir, count }: { dir: string; count: number }): Promise<void> {
  writeFileSync(join(dir, `${process.pid}-${threadId}`), '')
  while (readdirSync(dir).length < count) await rest(10)
}

/** Keeps its thread busy until the number is not 0 any more. */
export function spinUntilTold(shared: Int32Array): void {
  while (Atomics.load(shared, 0) === 0);
}

export const residentBytes = (): number => process.memoryUsage.rss()

export function spin(ms: number): string {
  const endMs = performance.now() + ms
  while (performance.now() < endMs);
  return 'done'
}

/** Until this thread has used so much of a processor. */
export function burn(cpuMs: number): void {
  const before = process.threadCpuUsage()
  for (;;) {
    const { user, system } = process.threadCpuUsage(before)
    if ((user + system) / 1_000 >= cpuMs) return
  }
}

export const spinForEver = (): void => {
  for (;;);
}

export const untilStopped = (_argument: unknown, { signal }: JobContext): Promise<string> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve('stopped')))

export const leave = (exitCode: number): never => process.exit(exitCode)
export const abort = (): never => process.abort()

export const fail = (): never => {
  throw new RangeError('no luck')
}

export const failStrangely = (): never => {
  throw { toString: () => 'a strange thing', run: () => undefined }
}

export const forgetRejection = (): string => {
  void Promise.reject(new Error('nobody listens'))
  return 'fine'
}

export const returnFunction = (): unknown => ({ run: () => undefined })

export const leaveTimer = (): { pid: number; threadId: number } => {
  setInterval(() => undefined, 1_000)
  return where()
}

let kept: Buffer | undefined
export const keep = (bytes: number): { pid: number; threadId: number } => {
  kept = Buffer.alloc(bytes, 1)
  return kept.length === bytes ? where() : { pid: 0, threadId: 0 }
}

export async function hold({ bytes, ms }: { bytes: number; ms: number }): Promise<number> {
  const held = Buffer.alloc(bytes, 1)
  await new Promise((resolve) => setTimeout(resolve, ms))
  return held.length
}

export const print = (text: string, { log }: JobContext): void => {
  process.stdout.write(text)
  log('and a line')
}

export const variables = (_argument: unknown, { env }: JobContext): Record<string, string> => ({ ...env })

export const startSleeper = (): number => {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' })
  child.unref()
  return child.pid ?? 0
}

export const makeBuffer = (bytes: number, { transfer }: JobContext): Uint8Array => {
  const made = new Uint8Array(bytes).fill(7)
  transfer(made.buffer)
  return made
}

export const fillHeap = (): unknown => {
  const held: unknown[] = []
  for (;;) held.push(Array(10_000).fill({}))
}

/** Uses this much in a buffer and keeps nothing of it. */
export const passThrough = (bytes: number): number => new Uint8Array(bytes).fill(1).length
