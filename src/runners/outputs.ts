import { open } from 'node:fs/promises'
import { PlimsollError, systemCodeOf } from '../errors.ts'

/** What one task may hand on, in bytes. */
const mostBytes = 1024 * 1024
const mostKeys = 1_000

/**
 * Values that a task appended to $PLIMSOLL_OUTPUT as lines `key=value`; the last of two equal keys counts.
 * @throws OUTPUT_INVALID with the line.
 */
export async function readOutputs(file: string): Promise<Readonly<Record<string, string>>> {
  const text = await readBounded(file)
  const outputs = new Map<string, string>()
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const match = /^([A-Za-z_][A-Za-z0-9_-]{0,99})=(.*)$/.exec(line.replace(/\r$/, ''))
    if (match === null) {
      throw new PlimsollError(
        'OUTPUT_INVALID',
        `line ${index + 1} of the task's output file is ${JSON.stringify(line.slice(0, 80))}, expected key=value`,
      )
    }
    outputs.set(match[1] ?? '', match[2] ?? '')
    if (outputs.size > mostKeys) {
      throw new PlimsollError('OUTPUT_INVALID', `the task hands on more than ${mostKeys} values`)
    }
  }
  return Object.fromEntries(outputs)
}

async function readBounded(file: string): Promise<string> {
  try {
    await using handle = await open(file, 'r')
    const { size } = await handle.stat()
    if (size > mostBytes) {
      throw new PlimsollError(
        'OUTPUT_INVALID',
        `the task hands on ${size} bytes, at most ${mostBytes} are allowed`,
      )
    }
    return await handle.readFile('utf8')
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return ''
    throw error
  }
}
