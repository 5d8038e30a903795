/** Reads so many megabytes of log and prints what that took of this process, as JSON. */
import { readFileSync } from 'node:fs'
import { diagnose } from '../../src/experts/experts.ts'
import { logBlock } from './log.ts'

const megabytes = Number(process.argv[2])
const chunkBytes = 256 * 1024
const block = logBlock()

function* chunks(bytes: number): Iterable<Uint8Array> {
  for (let done = 0; done < bytes; ) {
    const at = done % block.length
    const chunk = block.subarray(at, Math.min(at + chunkBytes, block.length, at + bytes - done))
    done += chunk.length
    yield chunk
  }
}

const read = (bytes: number) => diagnose({ logs: [{ name: 'log', chunks: chunks(bytes) }] })

/** What the kernel counts, in bytes. */
function memory(field: 'VmHWM' | 'VmRSS'): number {
  const [, kib] =
    new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return Number(kib) * 1024
}

// The rules are made ready and the code is warm.
await read(4_000_000)
const beforeBytes = memory('VmRSS')
const before = process.cpuUsage()
await read(megabytes * 1_000_000)
const { user, system } = process.cpuUsage(before)
console.log(JSON.stringify({ cpuMs: (user + system) / 1_000, growthBytes: memory('VmHWM') - beforeBytes }))
