/**
 * Reads so many megabytes of log and prints what that took of this process, as JSON. Called with the megabytes, the kind
 * of log, and in how many logs they come.
 */
import { readFileSync } from 'node:fs'
import { diagnose } from '../../src/experts/experts.ts'
import { blocks, logBlock } from './log.ts'

const [megabytes = '', kind = 'ordinary', count = '1'] = process.argv.slice(2)
const chunkBytes = 256 * 1024

function* chunks(block: Buffer, bytes: number): Iterable<Uint8Array> {
  for (let done = 0; done < bytes; ) {
    const at = done % block.length
    const chunk = block.subarray(at, Math.min(at + chunkBytes, block.length, at + bytes - done))
    done += chunk.length
    yield chunk
  }
}

const read = (block: Buffer, bytes: number, logs = 1) =>
  diagnose({
    logs: Array.from({ length: logs }, (_, at) => ({
      name: `log ${at}`,
      chunks: chunks(block, Math.floor(bytes / logs)),
    })),
  })

/** What the kernel counts, in bytes. */
function memory(field: 'VmHWM' | 'VmRSS'): number {
  const [, kib] =
    new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return Number(kib) * 1024
}

// The rules are made ready and the code is warm.
await read(logBlock(), 4_000_000)
const block = blocks[kind as keyof typeof blocks]()
const beforeBytes = memory('VmRSS')
const before = process.cpuUsage()
await read(block, Number(megabytes) * 1_000_000, Number(count))
const { user, system } = process.cpuUsage(before)
console.log(JSON.stringify({ cpuMs: (user + system) / 1_000, growthBytes: memory('VmHWM') - beforeBytes }))
