import { setTimeout as sleep } from 'node:timers/promises'

const pageBytes = 4_096

/** A buffer of which every page is in use. */
export const filled = (bytes) => Buffer.alloc(bytes, 1)

export function sumOf(buffer) {
  let sum = 0
  for (let at = 0; at < buffer.length; at += pageBytes) sum += buffer[at]
  return sum
}

/** Needs its buffer over a short wait, as one that reads or sends something. */
export async function holdAndSum({ bytes, holdMs }) {
  const buffer = filled(bytes)
  await sleep(holdMs)
  return sumOf(buffer)
}

export async function holdAndReturn({ bytes, holdMs }) {
  const buffer = filled(bytes)
  await sleep(holdMs)
  return buffer
}
