/** Functions that the tests call in threads and processes. */
import { isMainThread, threadId } from 'node:worker_threads'

export const where = (): string => (isMainThread ? `process ${process.pid}` : `thread ${threadId}`)

export const double = (value: unknown): number => 2 * (value as number)

export function hold(mebibytes: unknown): Promise<number> {
  const held = Buffer.alloc((mebibytes as number) * 2 ** 20, 1)
  return new Promise((resolve) => setTimeout(() => resolve(held.length), 60_000))
}
