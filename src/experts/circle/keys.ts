import { open } from 'node:fs/promises'
import { messageOf, PlimsollError } from '../../errors.ts'
import type { ExpertSource } from '../../plan/plan.ts'

/** No key is longer, in bytes. */
const longestKey = 64 * 1024

/** The key of an expert, or null where its server asks for none. @throws EXPERT_KEY_MISSING, never with a value */
export async function keyOf(
  { name, key }: Pick<ExpertSource, 'name' | 'key'>,
  variables: NodeJS.ProcessEnv,
): Promise<string | null> {
  if (key === null) return null
  const value = key.from === 'environment' ? variables[key.variable] : await readKey(name, key.file)
  const trimmed = value?.trim() ?? ''
  const where = key.from === 'environment' ? `the environment variable ${key.variable}` : key.file
  if (trimmed === '')
    throw new PlimsollError(
      'EXPERT_KEY_MISSING',
      `there is no key for the expert ${name}: ${where} is not set or empty`,
    )
  // A header has no room for anything else, and the library that makes it would show the value.
  if (!/^[\x21-\x7e]+$/.test(trimmed))
    throw new PlimsollError('EXPERT_KEY_MISSING', `what ${where} holds for the expert ${name} is no key`)
  return trimmed
}

async function readKey(name: string, file: string): Promise<string> {
  try {
    await using handle = await open(file, 'r')
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(longestKey), 0, longestKey, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } catch (cause) {
    throw new PlimsollError(
      'EXPERT_KEY_MISSING',
      `the key of the expert ${name} cannot be read: ${messageOf(cause)}`,
      { cause },
    )
  }
}
