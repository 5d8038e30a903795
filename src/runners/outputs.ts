import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { PlimsollError, systemCodeOf } from '../errors.ts'

/** What one task may hand on, in bytes. */
const mostBytes = 1024 * 1024
const mostKeys = 1_000
const keyForm = /^[A-Za-z_][A-Za-z0-9_-]{0,99}$/

/**
 * Values that a task appended to $PLIMSOLL_OUTPUT as lines `key=value`; the last of two equal keys counts.
 * @throws OUTPUT_INVALID with the line.
 */
export async function readOutputs(
  file: string,
  mask: (text: string) => string,
): Promise<Readonly<Record<string, string>>> {
  const text = await readBounded(file)
  const outputs = new Map<string, string>()
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const match = /^([A-Za-z_][A-Za-z0-9_-]{0,99})=(.*)$/.exec(line.replace(/\r$/, ''))
    if (match === null) {
      throw new PlimsollError(
        'OUTPUT_INVALID',
        `line ${index + 1} of the task's output file is ${JSON.stringify(mask(line).slice(0, 80))}, expected key=value`,
      )
    }
    outputs.set(match[1] ?? '', match[2] ?? '')
  }
  return Object.fromEntries(outputs)
}

/** The same bounds for what was written and for what a function returned. @throws OUTPUT_INVALID */
export function checkOutputs(outputs: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(outputs)
  if (entries.length > mostKeys) {
    throw new PlimsollError(
      'OUTPUT_INVALID',
      `the task hands on ${entries.length} values, at most ${mostKeys} are allowed`,
    )
  }
  const wrong = entries.find(([key]) => !keyForm.test(key))
  if (wrong) {
    const found = JSON.stringify(wrong[0].slice(0, 80))
    throw new PlimsollError(
      'OUTPUT_INVALID',
      `the task hands on a value named ${found}, expected letters, digits, _ and -`,
    )
  }
  const bytes = entries.reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  )
  if (bytes <= mostBytes) return outputs
  throw new PlimsollError(
    'OUTPUT_INVALID',
    `the task hands on ${bytes} bytes, at most ${mostBytes} are allowed`,
  )
}

async function readBounded(file: string): Promise<string> {
  try {
    // The task may have put anything there; opening a pipe must not wait for a writer.
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
    const found = await handle.stat()
    if (!found.isFile())
      throw new PlimsollError('OUTPUT_INVALID', 'what stands at $PLIMSOLL_OUTPUT is not a file')
    const { size } = found
    if (size > mostBytes) {
      throw new PlimsollError(
        'OUTPUT_INVALID',
        `the task hands on ${size} bytes, at most ${mostBytes} are allowed`,
      )
    }
    return await handle.readFile('utf8')
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return ''
    if (systemCodeOf(error) === 'ELOOP') {
      throw new PlimsollError('OUTPUT_INVALID', 'what stands at $PLIMSOLL_OUTPUT is a link', { cause: error })
    }
    throw error
  }
}
