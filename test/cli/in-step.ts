/**
 * Loaded into an engine before its program: after each line on standard output it stands still until a byte comes on
 * file descriptor 3, so that whoever reads the line finds the engine where it was when it said so.
 */
import { readSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const { stdout } = process
const write = stdout.write
const newline = 10

function writeInStep(this: typeof stdout, ...words: Parameters<typeof write>): boolean {
  const hasRoom = write.apply(this, words)
  const lines = Buffer.from(words[0]).filter((byte) => byte === newline)
  for (let left = lines.length; left > 0; left -= 1) readSync(3, Buffer.alloc(1))
  return hasRoom
}

if (isMainThread) stdout.write = writeInStep as typeof write
